"""What git knows of the workspace. Satisfies `runtime.ports.Git`; blocking, and for trusted workspaces only."""

from __future__ import annotations

import os
import re
from pathlib import Path

from signoff.core.files import secret_name
from signoff.world.git_safe import Output, run, run_reading_files

# Seconds for one git command; a repository of 27,000 files needs 0.2.
TIMEOUT = 10.0
_LISTING = 64_000_000
_FILES = {b"100644", b"100755"}
_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_DIFF = (
    "diff",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--ignore-submodules=all",
    "--relative",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "-O/dev/null",
    "--end-of-options",
)


_LOG = ("--no-color", "--no-show-signature", "--no-renames", "--relative", "--name-only", "--format=%x01%h %s")
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BASES = ("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master", "refs/heads/develop")


class GitRepository:
    """The repository around `root`, if there is one. Everything said is about files below `root` alone."""

    def __init__(self, root: Path, timeout: float = TIMEOUT) -> None:
        self._root = Path(os.path.realpath(root))
        self._timeout = timeout

    def head(self) -> str | None:
        """The commit id of HEAD; None outside a repository or without a commit."""
        output = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}", limit=200)
        return output.data.decode().strip() if output else None

    def working_diff(self, limit: int = 20_000) -> str:
        """The uncommitted changes as a unified diff, at most `limit` characters; empty when there are none.

        Staged and unstaged changes against HEAD, then the names of untracked files. The content of files whose name
        says that they hold secrets is left out.
        """
        object_format = self._worktree()
        if object_format is None:
            return ""
        base = self.head() or _EMPTY_TREE.get(object_format, "HEAD")
        # A character has up to four bytes; the rest is for what is left out.
        arguments = (*_DIFF, base, "--", ".")
        output = _good(run_reading_files(self._root, arguments, limit=4 * limit + 1_000_000, timeout=self._timeout))
        untracked = _named(self._untracked() or [], limit // 5)
        diff = _without_secrets(output.data.decode("utf-8", "replace")) if output else ""
        cut = output is not None and output.cut
        return (_cut(diff, limit - len(untracked), cut) + untracked)[: max(limit, 0)]

    def files(self) -> list[str] | None:
        """Tracked and untracked-but-not-ignored paths, sorted; None outside a repository.

        Regular files alone: no links, no submodules. Tracked files that were deleted are still named.
        """
        if self._worktree() is None:
            return None
        tracked = self._run("ls-files", "-s", "-z", limit=_LISTING)
        untracked = self._untracked()
        if tracked is None or untracked is None:
            return None
        names = (entry.partition(b"\t") for entry in _entries(tracked))
        return sorted({*_decoded([name for meta, _, name in names if meta[:6] in _FILES]), *untracked})

    def commits(self, since: str = "", limit: int = 10) -> list[tuple[str, list[str]]]:
        """The latest commits, newest first: a line of id and subject, and the paths below `root` that it changed.

        With `since` only those that HEAD has and that commit has not; [] when there is no such commit any more.
        """
        span = f"{since}..HEAD" if since else "HEAD"
        if self._worktree() is None or (since and not _ID.fullmatch(since)):
            return []
        output = self._run("log", f"-n{limit}", *_LOG, "--end-of-options", span, "--", ".", limit=400_000)
        found = _whole(output).split("\x01")[1:] if output else []
        parted = (commit.partition("\n") for commit in found)
        named = ((subject.strip(), [name for name in names.split("\n") if name]) for subject, _, names in parted)
        return [(subject, [name for name in names if not secret_name(name)]) for subject, names in named]

    def changed_since(self, commit: str, limit: int = 20_000) -> str:
        """How HEAD differs from the commit, as a unified diff that ends after `limit` characters; "" when unknown."""
        if self._worktree() is None or not _ID.fullmatch(commit):
            return ""
        output = self._run(*_DIFF, commit, "HEAD", "--", ".", limit=limit)
        return _without_secrets(output.data.decode("utf-8", "replace")) if output else ""

    def branch(self, limit: int = 50) -> tuple[str, list[str]]:
        """The branch that this one came from, and the paths that differ from there; ("", []) on that branch itself."""
        base = next((name for name in _BASES if self._commit(name)), None) if self._worktree() else None
        start = self._commit(base, "HEAD") if base else None
        if base is None or start is None or start == self.head():
            return "", []
        span = ("--name-only", "-z", "--end-of-options", start, "HEAD", "--", ".")
        output = self._run(*_DIFF[:-1], *span, limit=_LISTING)
        return base.rpartition("/")[2], _decoded(_entries(output))[:limit] if output else []

    def _commit(self, name: str, other: str | None = None) -> str | None:
        """The commit that the name means, or the latest one that both names have; None when there is none."""
        asked = ("merge-base", "--end-of-options", name, other) if other else ("rev-parse", "--verify", "--quiet", name)
        output = self._run(*asked, limit=200)
        return output.data.decode().strip() or None if output else None

    def _untracked(self) -> list[str] | None:
        output = self._run("ls-files", "-o", "--exclude-standard", "-z", limit=_LISTING)
        # A name that ends in a slash is another repository.
        return _decoded([name for name in _entries(output) if not name.endswith(b"/")]) if output else None

    def _worktree(self) -> str | None:
        """The repository's object format; None outside a work tree, and for one that does not hold `root`.

        `core.worktree` may name any folder: without this look a repository could show files from elsewhere.
        """
        output = self._run("rev-parse", "--show-toplevel", "--show-object-format", limit=20_000)
        if output is None:
            return None
        top, _, object_format = output.data.decode("utf-8", "surrogateescape").rstrip("\n").rpartition("\n")
        return object_format if top and self._root.is_relative_to(os.path.realpath(top)) else None

    def _run(self, *arguments: str, limit: int) -> Output | None:
        return _good(run(self._root, arguments, limit=limit, timeout=self._timeout))


def _good(output: Output | None) -> Output | None:
    """The output of a command that succeeded, or that was stopped because it had printed enough; None otherwise."""
    if output is None or output.late or (output.status != 0 and not output.cut):
        return None
    return output


def _entries(output: Output) -> list[bytes]:
    """The whole NUL-ended entries; the one that was cut in half is dropped."""
    return output.data.split(b"\0")[:-1]


def _decoded(names: list[bytes]) -> list[str]:
    """The names that are UTF-8: no message can hold the others."""
    decoded: list[str] = []
    for name in names:
        try:
            decoded.append(name.decode())
        except UnicodeDecodeError:
            continue
    return decoded


def _whole(output: Output) -> str:
    """What was printed, without the last commit where it was cut."""
    text = output.data.decode("utf-8", "replace")
    return text.rpartition("\x01")[0] if output.cut else text


def _named(untracked: list[str], room: int) -> str:
    """The names as lines below a heading, in at most `room` characters; "" when there are none."""
    text = ""
    for number, name in enumerate(untracked):
        line = f"  {name}\n"
        rest = f"  and {len(untracked) - number} more\n"
        if len(text) + len(line) + len(rest) + 20 > room:
            text += rest
            break
        text += line
    text = f"Untracked files:\n{text}" if text else ""
    return text if len(text) <= room else ""


def _without_secrets(diff: str) -> str:
    """The diff with only the heads of files that may hold secrets."""
    # Lines of a file start with a blank, "+" or "-": this can only be the head of the next one.
    sections = re.split(r"^(?=diff --git )", diff, flags=re.MULTILINE)
    return "".join(_left_out(section) if _secret(section) else section for section in sections)


def _secret(section: str) -> bool:
    head = section.partition("\n")[0].removeprefix("diff --git ")
    # "a/PATH b/PATH", both the same without renames, in quotes when they hold odd characters.
    path = head[: len(head) // 2].strip('"').removeprefix("a/")
    return bool(head) and secret_name(path)


def _left_out(section: str) -> str:
    return section.partition("\n")[0] + "\n(changed; not shown, because it may hold secrets)\n"


def _cut(diff: str, room: int, more: bool) -> str:
    """The diff, or as many whole lines of it as fit into `room` characters, and a line that says so."""
    if len(diff) <= room and not more:
        return diff
    note = "[the diff is longer: cut here]\n"
    kept = diff[: max(room - len(note), 0)]
    return kept[: kept.rfind("\n") + 1] + note
