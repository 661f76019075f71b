"""A text told in pieces: the side that hears has exactly the text of the side that tells, whatever happened before."""

from __future__ import annotations

import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from signoff.core.splices import PIECE, Hearer, Splice, Teller

texts = st.text("ab\r\n\u2028é😀\ud83d\ude00", max_size=30)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["a.py", "b.py"]), st.one_of(texts, st.none())),
        st.sampled_from(["restart", "closed"]),
    ),
    max_size=12,
)


def over_a_pipe(splice: Splice | None) -> Splice | None:
    """As it arrives at another process."""
    line = json.dumps(splice and asdict(splice), ensure_ascii=False).encode("utf-8", "surrogatepass")
    found = json.loads(line.decode("utf-8", "surrogatepass"))
    return found and Splice(**found)


def tell(teller: Teller, hearer: Hearer, path: str, text: str | None) -> list[str]:
    return [hearer.hear(path, over_a_pipe(splice)) for splice in teller.tell(path, text)]


@given(steps, st.integers(1, 40))
def test_both_sides_have_the_same_texts_after_a_restart_too(
    story: list[tuple[str, str | None] | str], piece: int
) -> None:
    teller, hearer, held = Teller(piece), Hearer(), dict[str, str]()
    for step in story:
        if step == "restart":
            teller.forget()
            hearer = Hearer()
            heard = [each for path, text in held.items() for each in tell(teller, hearer, path, text)]
        elif isinstance(step, str):
            held.pop("a.py", None)
            heard = tell(teller, hearer, "a.py", None)
        else:
            path, text = step
            held = {name: known for name, known in held.items() if name != path}
            held |= {path: text} if text is not None else {}
            heard = tell(teller, hearer, path, text)
        assert "lost" not in heard and (not heard or heard[-1] == "whole")
        assert hearer.texts == held


@given(texts, texts, texts, st.integers(1, 40))
def test_a_text_that_got_lost_comes_whole(first: str, second: str, other: str, piece: int) -> None:
    teller, hearer = Teller(piece), Hearer()
    tell(teller, hearer, "a.py", first)
    hearer.texts["a.py"] = other
    if "lost" in tell(teller, hearer, "a.py", second):
        assert len(other) != len(first)
        teller.forget("a.py")
        assert tell(teller, hearer, "a.py", second)[-1] == "whole"
        assert hearer.texts["a.py"] == second


def test_only_what_differs_is_told_and_a_long_text_in_pieces() -> None:
    teller, hearer = Teller(), Hearer()
    text = "x" * (2 * PIECE) + "y"
    assert tell(teller, hearer, "a.py", text) == ["more", "more", "whole"]
    [splice] = teller.tell("a.py", text.replace("y", "zy"))
    assert splice == Splice(len(text), len(text) - 1, len(text) - 1, "z", False)
