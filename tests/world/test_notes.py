"""What is kept of a workspace between sessions: real files, several processes, damage, and the user's own edits."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from signoff.core.notes import TimingNote
from signoff.world import notes as module
from signoff.world.notes import WorkspaceNotes, notes_in

SERVER = str(Path(__file__).parents[2] / "server")


@pytest.fixture
def notes(tmp_path: Path) -> WorkspaceNotes:
    return notes_in(tmp_path / "state")("file:///w")


def file(notes: WorkspaceNotes, name: str = "preferences.md") -> Path:
    return Path(notes.lessons_at).with_name(name)


def test_nothing_is_known_and_nothing_is_made_at_first(notes: WorkspaceNotes, tmp_path: Path) -> None:
    assert (notes.lessons(), notes.failures(), notes.timings()) == ([], [], [])
    assert not (tmp_path / "state").exists()


def test_lessons_are_lines_that_the_user_may_change(notes: WorkspaceNotes) -> None:
    notes.learn("No  abbreviations,\nplease.")
    notes.learn("Tabs.")
    notes.learn("TABS.")
    notes.learn("  ")
    assert notes.lessons() == ["No abbreviations, please.", "Tabs."]
    text = file(notes).read_text()
    assert text.startswith("# What you told Signoff") and "file:///w" in text
    file(notes).write_text(text.replace("- Tabs.\n", "- Spaces") + "\nwords of my own\n- And short lines.")
    notes.learn("Tabs.")
    assert notes.lessons() == ["No abbreviations, please.", "Spaces", "And short lines.", "Tabs."]


def test_lessons_are_bounded(notes: WorkspaceNotes) -> None:
    notes.learn("x" * 5_000)
    for number in range(150):
        notes.learn(f"lesson {number}")
    assert len(notes.lessons()) == module.MOST_LESSONS
    assert notes.lessons()[-1] == "lesson 149"


def test_each_workspace_has_its_own(tmp_path: Path) -> None:
    of = notes_in(tmp_path)
    of("file:///a").learn("A.")
    assert of("file:///a").lessons() == ["A."] and of("file:///b").lessons() == []


def test_others_on_the_machine_read_nothing(notes: WorkspaceNotes) -> None:
    notes.learn("Tabs.")
    notes.timed("pytest", 1.0, 1.0)
    for path in (file(notes), file(notes, "timings.jsonl")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_same_failure_is_counted_and_what_mended_it_is_remembered(notes: WorkspaceNotes) -> None:
    notes.failed("pytest a", "E  AssertionError: 3 != 4\n1 failed in 0.31s", 1.0)
    notes.failed("pytest b", "TypeError: no", 2.0)
    notes.failed("pytest a", "E  AssertionError: 5 != 4\n1 failed in 0.29s", 3.0)
    notes.passed("pytest a", "a longer timeout", 4.0)
    notes.passed("unknown", "?", 5.0)
    b, a = notes.failures()
    assert (b.where, b.text, b.at, b.count, b.fixed) == ("pytest b", "TypeError: no", 2.0, 1, "")
    assert (a.where, a.at, a.count, a.fixed) == ("pytest a", 3.0, 2, "a longer timeout")
    assert a.text == "E  AssertionError: 5 != 4\n1 failed in 0.29s"
    notes.failed("pytest a", "E  AssertionError: 6 != 4\n1 failed in 0.29s", 6.0)
    assert notes.failures()[-1].fixed == "a longer timeout"


def test_timings_keep_the_latest_runs(notes: WorkspaceNotes) -> None:
    for number in range(30):
        notes.timed("pytest", float(number), float(number))
    notes.timed("npm test", 2.5, 99.0)
    slow, quick = notes.timings()
    assert slow == TimingNote("pytest", tuple(float(n) for n in range(10, 30)), 29.0)
    assert quick.seconds == (2.5,)


def test_lines_that_are_damaged_say_nothing(notes: WorkspaceNotes) -> None:
    notes.failed("a", "b", 1.0)
    with file(notes, "failures.jsonl").open("ab") as out:
        out.write(b'{"signature": "s9", "wh\n[1, 2]\n\xff\xfe\n{"signature": "s3", "at": "late"}\n')
    assert [one.signature for one in notes.failures()][1:] == ["s3"]


def test_a_file_that_grew_is_shortened_to_its_end(notes: WorkspaceNotes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 4_000)
    for number in range(300):
        notes.failed(f"test {number}", "text", float(number))
    assert file(notes, "failures.jsonl").stat().st_size <= 4_100
    assert notes.failures()[-1].where == "test 299" and len(notes.failures()) > 10


def test_a_disk_that_refuses_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file stands here")
    notes = WorkspaceNotes(tmp_path / "state", "file:///w")
    notes.learn("Tabs.")
    notes.failed("w", "t", 1.0)
    assert notes.lessons() == [] and notes.failures() == []
    assert "can't be written" in caplog.text


def test_several_processes_write_at_once(notes: WorkspaceNotes, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from signoff.world.notes import WorkspaceNotes\n"
        "n = WorkspaceNotes(Path(sys.argv[1]), 'file:///w')\n"
        "for i in range(200): n.failed('where', 'x' * 500, float(i))\n"
    )
    argv = [sys.executable, "-c", script, str(tmp_path / "state")]
    running = [subprocess.Popen(argv, env={"PYTHONPATH": SERVER}) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    (found,) = notes.failures()
    assert found.count == 600
