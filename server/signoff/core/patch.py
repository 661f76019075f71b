"""From a patch to the changes of whole files: all of them, or none and the reason why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from signoff.core.fileops import Add, Chunk, Delete, FileOp, PatchError, Refusal, Update
from signoff.core.hunks import FileChange
from signoff.core.patch_paths import checked_path
from signoff.core.rewrite import replace_text, rewrite
from signoff.core.unified import looks_unified, parse_unified
from signoff.core.v4a import parse_v4a

__all__ = [
    "Add",
    "Chunk",
    "Delete",
    "FileChange",
    "FileOp",
    "PatchError",
    "Update",
    "parse_unified",
    "parse_v4a",
    "resolve",
    "resolve_edits",
    "resolve_patch",
]

Read = Callable[[str], str | None]
"""The text of a file as the model sees it, by its path relative to the workspace; None when there is no such file."""


def resolve_patch(text: str, read: Read) -> tuple[FileChange, ...] | PatchError:
    """What a V4A patch or a unified diff makes of the files it names; the format is told from the text."""
    ops = parse_unified(text) if looks_unified(text) else parse_v4a(text)
    return ops if isinstance(ops, PatchError) else resolve(ops, read)


def resolve(ops: Sequence[FileOp], read: Read) -> tuple[FileChange, ...] | PatchError:
    """One change per file, in the order of first mention; a PatchError when any operation does not fit.

    Operations on one file add up, so deleting and adding it is an update. A file may not be renamed and also be named
    elsewhere. What `read` raises passes through.
    """
    tree = _Tree(read)
    try:
        for op in ops:
            tree.take(op)
        return tree.changes()
    except Refusal as refusal:
        return refusal.error


def resolve_edits(path: str, edits: Sequence[tuple[str, str]], read: Read) -> tuple[FileChange, ...] | PatchError:
    """The one change that (old, new) pairs make of a file, each pair applied to the outcome of those before it.

    Every `old` must be found exactly once; an empty one creates the file, or fills an empty one.
    """
    tree = _Tree(read)
    try:
        path = checked_path(path)
        if not edits:
            raise Refusal(f"{path}: no edits were given.", path)
        for n, (old, new) in enumerate(edits, 1):
            where = "`old`" if len(edits) == 1 else f"`old` of edit {n} of {len(edits)}"
            tree.put(path, _edited(path, tree.get(path), old, new, where))
        return tree.changes()
    except Refusal as refusal:
        return refusal.error


def _edited(path: str, text: str | None, old: str, new: str, where: str) -> str:
    if old == new:
        raise Refusal(f"{path}: {where} and `new` are equal, so the edit changes nothing.", path)
    if not old:
        if text:
            raise Refusal(f"{path} exists and is not empty: `old` must quote the lines to replace.", path)
        return new
    if text is None:
        raise Refusal(f"{path} does not exist. Check the path; to create the file, leave `old` empty.", path)
    return replace_text(path, text, old, new, where)


class _Tree:
    """The files as they would be after the operations taken so far."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._before: dict[str, str | None] = {}
        self._now: dict[str, str | None] = {}
        self._renamed: dict[str, str] = {}

    def get(self, path: str) -> str | None:
        if path not in self._before:
            self._before[path] = self._now[path] = self._read(path)
        return self._now[path]

    def put(self, path: str, text: str | None) -> None:
        self._now[path] = text

    def take(self, op: FileOp) -> None:
        path = self._checked(op.path)
        match op:
            case Add():
                self._add(path, op.content)
            case Delete():
                if self.get(path) is None:
                    raise Refusal(f"{path} cannot be deleted: it does not exist.", path)
                self.put(path, None)
            case _:
                self._update(path, op)

    def changes(self) -> tuple[FileChange, ...]:
        targets = set(self._renamed.values())
        return tuple(self._change(path) for path in self._before if path not in targets)

    def _checked(self, path: str) -> str:
        path = checked_path(path)
        if path in self._renamed or path in self._renamed.values():
            raise Refusal(f"{path} is renamed in this patch: put all its changes into the section that moves it.", path)
        return path

    def _add(self, path: str, content: str) -> None:
        if self.get(path):
            raise Refusal(f"{path} exists already: change it with `*** Update File: {path}`.", path)
        self.put(path, content)

    def _update(self, path: str, op: Update) -> None:
        text = self.get(path)
        if text is None:
            raise Refusal(f"{path} does not exist. Check the path; to create it, use `*** Add File: {path}`.", path)
        if not op.chunks and op.move_to is None:
            raise Refusal(f"{path}: the patch names it and changes nothing in it.", path)
        self.put(path, rewrite(path, text, op.chunks))
        if op.move_to is not None:
            self._move(path, op.move_to)

    def _move(self, path: str, target: str) -> None:
        to = self._checked(target)
        if to == path:
            return
        if self._before[path] is None:
            raise Refusal(f"{path} is added in this patch: add it as {to} at once.", path)
        if to in self._before or self.get(to) is not None:
            raise Refusal(f"{path} cannot be moved to {to}: that file exists already, or the patch changes it.", path)
        self._renamed[path] = to

    def _change(self, path: str) -> FileChange:
        before, after = self._before[path], self._now[path]
        if path in self._renamed:
            return FileChange(path, "rename", before, after, self._renamed[path])
        if before == after:
            raise Refusal(f"{path}: the patch leaves it as it is. Send only what changes.", path)
        return FileChange(path, "create" if before is None else "delete" if after is None else "update", before, after)
