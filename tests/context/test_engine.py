"""The engine: the budget holds, fragments are what the files hold, and no question is too odd."""

from pathlib import Path

import pytest

from signoff.context.engine import Engine
from signoff.context.history import History
from signoff.core.commits import Commit
from signoff.core.fragments import Place, Query
from support.indexing import Indexed, indexed

FILES: dict[str, str | bytes] = {
    "shop/prices.py": "def gross_price(net):\n    return net * 1.2\n\n\ndef get(key):\n    return TABLE[key]\n",
    "shop/cart.py": "from .prices import gross_price\n\n\ndef total(items):\n    return sum(map(gross_price, items))\n",
    "shop/long.py": "".join(f"def price_rule_{n}(price):\n    return price * {n}\n\n\n" for n in range(200)),
    "docs/prices.md": "# Prices\n\nHow a price is computed.\n",
}


def test_fragments_are_lines_of_files_within_the_budget(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        engine = Engine(made.index)
        for budget in (300, 1_000, 8_000):
            found = engine.find(Query("How is the gross price computed?", budget))
            assert found.ready == "full"
            assert 0 < sum(one.tokens for one in found.fragments) <= budget
            for one in found.fragments:
                lines = (tmp_path / one.path).read_text().split("\n")
                assert one.text == "\n".join(lines[one.start_line - 1 : one.end_line])
                assert one.why and one.source == "codebase"


def test_no_line_is_given_twice(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        found = Engine(made.index).find(Query("price rules"))
        given = [(one.path, line) for one in found.fragments for line in range(one.start_line, one.end_line + 1)]
        assert len(given) == len(set(given))


def test_what_did_not_fit_is_named(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        found = Engine(made.index).find(Query("price rule", 500))
        assert any("shop/long.py" in name for name in found.left_out)


def test_the_history_brings_files_that_the_words_do_not(tmp_path: Path) -> None:
    commits = [Commit(f"{n:040}", n, "Checkout shows the sum", ("shop/cart.py",)) for n in range(3)]
    history = History()
    history.add(commits)
    with indexed(tmp_path, FILES) as made:
        found = Engine(made.index, lambda: history).find(Query("checkout"))
        assert "shop/cart.py" in {file.path for file in found.files}


def test_unsaved_text_is_what_is_found_and_given(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        made.live.buffer("shop/cart.py", "def discount_for(customer):\n    return 0.1\n")
        found = Engine(made.index).find(Query("discount for a customer", open=("shop/cart.py",)))
        assert found.files[0].path == "shop/cart.py"
        assert found.fragments[0].text.startswith("def discount_for")


def test_before_all_is_parsed_it_answers_with_what_is_there(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES):
        made = Indexed(tmp_path, parsing=False).build()
        found = Engine(made.index).find(Query("gross price"))
        assert found.ready == "lexical"
        assert "shop/prices.py" in {file.path for file in found.files}
        made.index.close()


ODD = [
    Query(""),
    Query(" \0 -> \ud800"),
    Query("price " * 50_000),
    Query(" ".join(f"word{n}" for n in range(20_000))),
    Query("price", budget=0),
    Query("price", budget=-5),
    Query("price", open=("gone.py", "../x", ""), viewed=("gone.py",), changed=("gone.py",)),
    Query("price", selected=Place("gone.py", 5, 2), failing=(Place("shop/cart.py", -1, 10**9), Place("", 0, 0))),
]


@pytest.mark.parametrize("query", ODD, ids=range(len(ODD)))
def test_no_question_is_too_odd(tmp_path: Path, query: Query) -> None:
    with indexed(tmp_path, FILES) as made:
        found = Engine(made.index).find(query)
        assert sum(one.tokens for one in found.fragments) <= max(query.budget, 0)


def test_the_answer_is_the_same_each_time(tmp_path: Path) -> None:
    with indexed(tmp_path, FILES) as made:
        engine = Engine(made.index)
        assert engine.find(Query("gross price")) == engine.find(Query("gross price"))
