"""What an index keeps beside its words: ids are never given twice, and what nobody needs any more goes."""

from pathlib import Path

import pytest

from signoff.core.indexed import CHUNK_BITS, ChunkRow, FileRow
from signoff.world import index_store
from signoff.world.index_store import Store


def test_ids_are_never_given_twice_also_not_after_a_restart(tmp_path: Path) -> None:
    given: set[int] = set()
    for _ in range(3):
        store = Store(str(tmp_path / "base"), "1")
        for count in (1, 10, 5):
            first = store.reserve(count)
            assert given.isdisjoint(range(first, first + count))
            given.update(range(first, first + count))
        store.close()


def test_a_file_that_is_gone_takes_its_chunks_along() -> None:
    store = Store(None, "1")
    store.save([FileRow(1, "a.py", 5, 6, "d1", True), FileRow(2, "b.py", 5, 6, "d2", True)])
    rows = [ChunkRow((file << CHUNK_BITS) + at, 1, 2, "f", "function") for file in (1, 2) for at in (0, 1)]
    store.save_parsed(rows, [("d1", "python", b"one"), ("d2", "python", b"two")])
    assert store.chunks_of(1) == rows[:2]
    store.save([FileRow(3, "a.py", 7, 8, "d3", False)], gone=[1])
    assert [row.path for row in store.files()] == ["b.py", "a.py"]
    assert store.chunks_of(1) == [] and store.chunks_of(2) == rows[2:]
    assert store.count_chunks() == 2
    assert store.outline("d1", "python") == b"one"
    store.close()


def test_the_oldest_outlines_that_no_file_needs_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_store, "MOST_UNUSED", 3)
    store = Store(None, "1")
    store.save([FileRow(1, "a.py", 5, 6, "d0", True)])
    store.save_parsed([], [(f"d{n}", "python", b"x") for n in range(10)])
    store.clean()
    assert [n for n in range(10) if store.outline(f"d{n}", "python")] == [0, 7, 8, 9]
    store.close()


def test_trouble_with_the_database_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "base").write_text("no database at all, but long enough to be one" * 100)
    with pytest.raises(OSError, match="not a database"):
        Store(str(tmp_path / "base"), "1")
    with pytest.raises(OSError, match="unable to open"):
        Store(str(tmp_path / "no folder" / "base"), "1")
    store = Store(None, "1")
    store.close()
    with pytest.raises(OSError, match="closed"):
        store.files()
