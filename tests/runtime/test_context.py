"""What a session is told of its workspace: at its first turn, at later ones, and after a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from signoff.core import commands as c
from signoff.core.fragments import SOURCES, ContextView, Found, Fragment, Query, RankedFile, Replaced
from signoff.core.model import Message, ReplyItem
from signoff.core.session import Finding, Place
from signoff.core.state import State
from signoff.runtime import context as gathering
from signoff.runtime.context import ContextOptions
from signoff.world.files import WorkspaceFiles
from support import house as houses
from support.git_repository import git, put, repository
from support.house import PLAIN, FakeEditor, Script, call

A = "".join(f"a line {n}\n" for n in range(1, 41))
B = "one\ntwo\nthree\n"
FILES = {"a.txt": A, "b.txt": B, "sub/c.txt": "c\n", "AGENTS.md": "Say please.\n", "sub/AGENTS.md": "Say thanks.\n"}
CODE = Fragment("codebase", "a.txt", 1, 3, 12, 1.0, "words of the goal", "a line 1\na line 2\na line 3")
SAYS: list[ReplyItem] = [Message("assistant", "Hm.")]


@dataclass
class Engine:
    """Answers what it is told to, after `wait` is set."""

    answer: Found | str = field(
        default_factory=lambda: Found((RankedFile("a.txt", 1.0),), (CODE,), ("b.txt:1-3",), "full")
    )
    asked: list[Query] = field(default_factory=list[Query])
    never: bool = False
    lexical: int = 0
    """So many answers come before all is indexed."""

    async def find(self, workspace: str, query: Query) -> Found | str:
        self.asked.append(query)
        if len(self.asked) <= self.lexical:
            return Found((RankedFile("b.txt", 1.0),), (replace(CODE, text="words alone"),), (), "lexical")
        if self.never:
            await asyncio.Event().wait()
        return self.answer

    async def still_used(self, workspace: str, parts: Sequence[Replaced]) -> Mapping[str, Mapping[str, Sequence[str]]]:
        return {}


class House(houses.House):
    """One whose tasks end with its test: what is begun while the event loop closes is never awaited."""

    made: list[House] = []  # noqa: RUF012 (all of them)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.made.append(self)


@pytest.fixture(autouse=True)
async def closed() -> AsyncGenerator[None, None]:
    """Every house is closed."""
    yield
    while House.made:
        await House.made.pop().kill()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "w", FILES)


def edit(path: str, old: str, new: str) -> str:
    return json.dumps({"path": path, "edits": [{"old": old, "new": new}]})


def resting(state: State) -> bool:
    """Whether the model has answered and nothing is under way."""
    return state.finished or (bool(state.turns) and not state.inbox and not state.open_calls and not state.landings)


async def says(house: House, session: str, words: str) -> None:
    """The user says something, and the model answers."""
    turns = (await house.state(session)).turn
    assert not isinstance(await house.manager.submit(session, c.Reply(words)), c.Refused)
    await house.until(session, lambda s: s.turn > turns and resting(s))


def told(model: Script, request: int = -1) -> list[str]:
    """The user's side of what was new in a request."""
    before = len(model.requests[request - 1].items) if len(model.requests) > 1 and request != 0 else 0
    return [
        one.text for one in model.requests[request].items[before:] if isinstance(one, Message) and one.role == "user"
    ]


def anew(root: Path, house: House, model: Script, trusted: bool = True) -> House:
    """The server after a restart."""
    house.store.crash()
    return House(root, model, house.journal, FakeEditor(), trusted=trusted)


async def test_at_first_preferences_and_the_map_then_the_task_then_code_and_changes(root: Path) -> None:
    put(root, {"b.txt": "one\n2\nthree\n"})
    model, engine = Script([SAYS]), Engine()
    house = House(root, model, trusted=True, engine=engine)
    house.editor.documents = {house.document("sub/c.txt"): "c, typed\n"}
    place = Place(house.document("a.txt"), 4, 0, 5, 0)
    house.manager.signals.diagnosed(place.uri, [Finding("bad", "warning", "lint", "W1", place)])
    house.manager.signals.viewed(house.document("b.txt"))
    session = await house.manager.start("Count them", house.uri, PLAIN, place)
    assert isinstance(session, str)
    state = await house.until(session, resting)
    head, goal, rest = told(model, 0)
    assert goal == "Count them"
    assert head.index("Say please.") < head.index("Say thanks.") < head.index("Files:\n") < head.index("sub/c.txt")
    order = ["a.txt:1-3\na line 1", "The task starts at a.txt:5-5:\na line 5", "Open in the editor: sub/c.txt"]
    order += ["a.txt:5: warning: bad [lint W1]", "-c\n+c, typed", "-two\n+2", "Left out for want of room: b.txt:1-3"]
    assert [rest.index(one) for one in order] == sorted(rest.index(one) for one in order)
    (query,) = engine.asked
    assert (query.goal, query.open, query.viewed) == ("Count them", ("sub/c.txt",), ("b.txt",))
    assert query.selected and (query.selected.path, query.selected.start_line) == ("a.txt", 5)
    assert query.failing[0].start_line == 5 and set(query.changed) == {"b.txt", "sub/c.txt"}
    (gathered,) = state.gathered
    assert {one.source for one in gathered.fragments} >= {"codebase", "recent changes", "buffers", "user preferences"}
    assert gathered.left_out == ("b.txt:1-3",)


async def test_a_story_of_three_turns_and_a_restart(root: Path) -> None:
    """Each change of others is told once, as a diff, and the session's own approved hunk never."""
    put(root, {"b.txt": "one\n2\nthree\n"})
    model = Script([[call(0, "edit_file", edit("a.txt", "a line 3\n", "a line three\n"))], SAYS])
    house = House(root, model, trusted=True, engine=Engine())
    session = await house.start("Begin")
    await house.until(session, lambda s: bool(s.open_hunks) and resting(s))
    assert "-two\n+2" in told(model, 0)[-1]
    state = await house.state(session)
    await house.manager.submit(session, c.ApproveHunks(tuple(c.Shown(h.id, h.rev) for h in state.open_hunks)))
    await house.until(session, lambda s: s.finished)
    assert "a line three\n" in (root / "a.txt").read_text()

    await says(house, session, "And now?")
    assert told(model) == ["And now?"]

    put(root, {"a.txt": A.replace("a line 3\n", "a line three\n").replace("a line 30\n", "thirty\n")})
    await says(house, session, "I changed something.")
    (words, news) = told(model)
    assert words == "I changed something." and news.startswith("Since you last looked:")
    assert "-a line 30\n+thirty\n" in news and "line three" not in news and "b.txt" not in news
    await house.kill()

    again = anew(root, house, model)
    await says(again, session, "Still there?")
    assert told(model) == ["Still there?"]
    put(root, {"b.txt": "one\n2\n3\n"})
    git(root, "commit", "-q", "-am", "Everything by number")
    await says(again, session, "And then?")
    news = told(model)[-1]
    assert "b.txt" in news and "Everything by number: a.txt, b.txt" in news
    await says(again, session, "Once more?")
    assert told(model) == ["Once more?"]
    await again.kill()


async def test_typing_in_an_open_buffer_is_told_once_saved_or_not(root: Path) -> None:
    model = Script([SAYS])
    house = House(root, model, engine=Engine())
    uri = house.document("b.txt")
    house.editor.documents = {uri: B}
    session = await house.start("Begin")
    await house.until(session, resting)
    house.editor.documents[uri] = B.replace("two", "zwei")
    await says(house, session, "Look.")
    assert "-two\n+zwei" in told(model)[-1]
    put(root, {"b.txt": B.replace("two", "zwei")})
    await says(house, session, "Saved.")
    assert told(model) == ["Saved."]


async def test_without_git_files_that_the_client_reports_are_told(root: Path) -> None:
    model = Script([SAYS])
    house = House(root, model, engine=Engine())
    session = await house.start("Begin")
    await house.until(session, resting)
    put(root, {"sub/c.txt": "sea\n", "a.txt": A.replace("a line 2\n", "")})
    house.manager.signals.touched([house.document("sub/c.txt")])
    await says(house, session, "Look.")
    news = told(model)[-1]
    assert "sub/c.txt changed since you last saw it" in news and "-a line 2\n" in news
    (root / "sub/c.txt").unlink()
    await says(house, session, "Gone.")
    assert "sub/c.txt is not there any more." in told(model)[-1]


async def test_a_decision_of_the_user_begins_with_what_changed_meanwhile(root: Path) -> None:
    model = Script([[call(0, "update_plan", '{"steps": [{"text": "One"}]}')], SAYS])
    house = House(root, model, trusted=True, engine=Engine())
    session = await house.start("Begin", replace(PLAIN, plan_first=True))
    state = await house.until(session, lambda s: s.plan_waits)
    put(root, {"b.txt": "changed while the plan waited\n"})
    assert state.plan
    await house.manager.submit(session, c.ApprovePlan(state.plan.id))
    await house.until(session, lambda s: s.turn > 1)
    assert "+changed while the plan waited" in told(model)[-1]


async def test_instructions_are_read_in_trusted_workspaces_only_and_again_when_they_change(root: Path) -> None:
    put(root, {".signoff/rules/style.md": "Short lines.\n"})
    model = Script([SAYS])
    stranger = House(root, model, engine=Engine())
    await stranger.until(await stranger.start("Begin"), resting)
    assert "Say please" not in str(told(model, 0)) and "Short lines" not in str(told(model, 0))
    await stranger.kill()

    model = Script([SAYS])
    house = House(root, model, trusted=True, engine=Engine())
    session = await house.start("Begin")
    await house.until(session, resting)
    assert "Short lines." in told(model, 0)[0] and "Say please." in told(model, 0)[0]
    put(root, {"AGENTS.md": "Say nothing.\n"})
    await says(house, session, "Look.")
    news = told(model)[-1]
    assert news.count("Say nothing.") == 1 and "Short lines" not in news
    await says(house, session, "Again.")
    assert told(model) == ["Again."]


async def test_rules_that_are_made_or_changed_in_mid_session_are_told_once_without_listing_the_workspace(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, {".gitignore": ".signoff/rules/draft*\n"})
    model = Script([SAYS])
    house = House(root, model, trusted=True, engine=Engine())
    house.editor.documents = {house.document("deep/er/x.txt"): "x\n"}
    session = await house.start("Begin")
    await house.until(session, resting)
    listings: list[int] = []

    def listing(files: WorkspaceFiles, limit: int = 0) -> list[str]:
        listings.append(limit)
        return []

    monkeypatch.setattr(WorkspaceFiles, "list", listing)
    put(root, {".signoff/rules/new.md": "Short lines.\n", "deep/AGENTS.md": "Whisper.\n"})
    put(root, {".signoff/rules/draft.md": "Not yet.\n", ".signoff/rules/notes.txt": "No rule.\n"})
    await says(house, session, "Look.")
    news = "\n".join(told(model))
    assert news.count("Short lines.") == news.count("Whisper.") == 1
    assert "Not yet." not in news and "No rule." not in news
    await says(house, session, "Again.")
    assert told(model) == ["Again."]
    put(root, {".signoff/rules/new.md": "Long lines.\n", "deep/er/AGENTS.md": "Shout.\n"})
    await says(house, session, "And now?")
    news = "\n".join(told(model))
    assert news.count("Long lines.") == news.count("Shout.") == 1 and "Whisper." not in news
    await says(house, session, "Again.")
    assert told(model) == ["Again."] and not listings


async def test_a_rejection_teaches_later_sessions_until_the_user_removes_it(root: Path) -> None:
    model = Script([[call(0, "edit_file", edit("b.txt", "two\n", "2\n"))], SAYS])
    house = House(root, model, engine=Engine())
    session = await house.start("Begin")
    state = await house.until(session, lambda s: bool(s.open_hunks) and resting(s))
    await house.manager.submit(session, c.RejectHunks((c.Shown(state.open_hunks[0].id, 1),), "Numbers as\nwords."))
    await house.until(session, lambda s: s.finished)
    await house.until(await house.start("Another"), resting)
    assert "- Numbers as words." in str(model.requests[-1].items)
    made = await house.manager.context(house.uri, "x", None, None)
    assert isinstance(made, ContextView)
    lesson = next(one for one in made.fragments if one.source == "user preferences")
    path = Path(lesson.why.partition("edit ")[2])
    assert "- Numbers as words.\n" in path.read_text()
    path.write_text(path.read_text().replace("- Numbers as words.\n", ""))
    made = await house.manager.context(house.uri, "x", None, None)
    assert isinstance(made, ContextView) and all(one.source != "user preferences" for one in made.fragments)


async def test_nothing_is_learned_where_preferences_are_switched_off(root: Path) -> None:
    model = Script([[call(0, "edit_file", edit("b.txt", "two\n", "2\n"))], SAYS])
    house = House(root, model, engine=Engine())
    house.context = ContextOptions(8_000, tuple(one for one in SOURCES if one != "user preferences"))
    session = await house.start("Begin")
    state = await house.until(session, lambda s: bool(s.open_hunks) and resting(s))
    await house.manager.submit(session, c.RejectHunks((c.Shown(state.open_hunks[0].id, 1),), "No."))
    assert not list(house.kept.rglob("preferences.md"))


async def test_a_finished_session_is_remembered_by_the_next(root: Path) -> None:
    finish = call(1, "finish", '{"summary": "Two is 2 now."}')
    model = Script([[call(0, "edit_file", edit("b.txt", "two\n", "2\n"))], [finish], SAYS])
    house = House(root, model, engine=Engine())
    session = await house.start("Write numbers")
    state = await house.until(session, lambda s: bool(s.open_hunks) and resting(s))
    await house.manager.submit(session, c.ApproveHunks(tuple(c.Shown(h.id, h.rev) for h in state.open_hunks)))
    await house.until(session, lambda s: s.finished)
    model.replies = [SAYS]
    await house.until(await house.start("Write more numbers"), resting)
    rest = str(model.requests[-1].items)
    assert "Earlier sessions in this workspace" in rest and "Write numbers" in rest
    assert "Changed: b.txt" in rest and "Outcome: Two is 2 now." in rest


@pytest.mark.parametrize("never", [False, True])
async def test_without_an_index_the_session_goes_on_and_says_why(
    root: Path, never: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "FIND_SECONDS", 0.05)
    model = Script([SAYS])
    house = House(root, model, engine=Engine("The index failed three times.", never=never))
    await house.until(await house.start("Begin"), resting)
    assert ("did not answer" if never else "The index failed three times.") in told(model, 0)[-1]
    made = await house.manager.context(house.uri, "Begin", None, None)
    assert isinstance(made, str) and made


@pytest.mark.parametrize("lexical", [2, 1_000_000])
async def test_a_session_waits_a_moment_for_all_of_the_index_and_no_longer(
    root: Path, lexical: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(gathering, "WHOLE_SECONDS", 60.0 if lexical == 2 else 0.05)
    model, engine = Script([SAYS]), Engine(lexical=lexical)
    house = House(root, model, engine=engine)
    await house.until(await house.start("Begin"), resting)
    news = told(model, 0)[-1]
    assert ("a line 2" in news, "words alone" in news) == (lexical == 2, lexical > 2)
    assert len(engine.asked) >= 3 or lexical > 2


async def test_an_embedded_model_is_not_flooded(root: Path) -> None:
    put(root, {"b.txt": "x\n" * 9_000})
    model, engine = Script([SAYS]), Engine()
    house = House(root, model, trusted=True, engine=engine)
    session = await house.start("Begin", replace(PLAIN, models=("local/small",)))
    state = await house.until(session, resting)
    assert engine.asked == [] and sum(one.tokens for g in state.gathered for one in g.fragments) <= 1_000
    put(root, {"b.txt": "y\n"})
    await says(house, session, "Look.")
    assert told(model) == ["Look."]


async def test_diagnostics_of_other_servers_are_told_once_and_again_when_they_change(root: Path) -> None:
    model = Script([SAYS])
    house = House(root, model, engine=Engine())
    session = await house.start("Begin")
    await house.until(session, resting)
    uri = house.document("b.txt")
    house.manager.signals.diagnosed(uri, [Finding("odd", "error", "lint", "", Place(uri, 1))])
    await says(house, session, "Look.")
    assert "b.txt:2: error: odd [lint]" in told(model)[-1]
    await says(house, session, "Again.")
    assert told(model) == ["Again."]
    house.manager.signals.diagnosed(uri, [Finding("odder", "error", "lint", "", Place(uri, 1))])
    await says(house, session, "Now?")
    assert "odder" in told(model)[-1]


async def test_sources_that_are_switched_off_say_nothing(root: Path) -> None:
    put(root, {"b.txt": "changed\n"})
    model, engine = Script([SAYS]), Engine()
    house = House(root, model, trusted=True, engine=engine)
    house.context = ContextOptions(8_000, ())
    session = await house.start("Begin")
    await house.until(session, resting)
    assert told(model, 0) == ["Begin"] and engine.asked == []
    put(root, {"b.txt": "changed again\n"})
    await says(house, session, "Look.")
    assert told(model) == ["Look."]


async def test_a_preview_is_what_a_session_would_be_told_and_leaves_no_trace(root: Path) -> None:
    put(root, {"b.txt": "one\n2\n"})
    house = House(root, Script([SAYS]), trusted=True, engine=Engine())
    made = await house.manager.context(house.uri, "Count", 500, house.document("a.txt"))
    assert isinstance(made, ContextView)
    assert made.budget == 500 and made.tokens <= 500 and made.ready == "full"
    assert made.files[0].path == "a.txt" and len(made.files) == len(FILES)
    assert {"codebase", "recent changes", "buffers"} <= {one.source for one in made.fragments}
    assert await house.store.sessions() == []


async def test_what_the_user_keeps_from_models_is_never_told(root: Path) -> None:
    put(root, {"private/x.txt": "old\n", ".signoffignore": "private/\n", ".gitignore": "*.log\n", "a.log": "one\n"})
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "private")
    put(root, {"private/x.txt": "canary\n", "a.log": "canary\n"})
    read = call(0, "read_file", '{"path": "private/x.txt"}')
    model = Script([[read], SAYS])
    house = House(root, model, trusted=True, engine=Engine())
    house.editor.documents = {house.document("private/x.txt"): "canary!\n", house.document("a.log"): "canary!\n"}
    session = await house.start("Begin")
    await house.until(session, lambda s: s.turn > 1)
    house.manager.signals.touched([house.document("private/x.txt"), house.document("a.log")])
    await says(house, session, "Look.")
    assert "is in .signoffignore" in str(model.requests) and "canary" not in str(model.requests)
    assert "private/x.txt" not in told(model, 0)[0] and "a.log" not in "".join(told(model, 0))


async def test_secrets_and_our_own_documents_are_never_told(root: Path) -> None:
    put(root, {".env": "KEY=old\n", ".signoff/sessions/s.md": "# x\n"})
    git(root, "add", "-f", ".env")
    git(root, "commit", "-q", "-m", "keys")
    put(root, {".env": "KEY=canary\n"})
    model = Script([SAYS])
    house = House(root, model, trusted=True, engine=Engine())
    house.editor.documents = {house.document(".env"): "KEY=canary\n", house.document(".signoff/sessions/s.md"): "# y\n"}
    session = await house.start("Begin")
    await house.until(session, resting)
    house.manager.signals.touched([house.document(".env"), house.document(".signoff/sessions/s.md")])
    await says(house, session, "Look.")
    assert "canary" not in str(model.requests) and "sessions/s.md" not in str(model.requests)
