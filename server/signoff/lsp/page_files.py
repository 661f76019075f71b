"""The session documents' own folder in a workspace: which file is whose, and how a file there is written.

Reading and writing takes its time: to be called in a thread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from signoff.core import paths
from signoff.core.files import FileProblem
from signoff.core.page_draft import spent
from signoff.core.text import digest
from signoff.runtime.ports import Files

FOLDER = ".signoff/sessions"
_IGNORE = f"{FOLDER}/.gitignore"
_PAGE = re.compile(rf"(?P<workspace>file://.*)/{re.escape(FOLDER)}/(?P<name>[0-9A-Za-z_-]{{1,100}})\.md")
_DRAFT = re.compile(r"draft-\d{1,6}")
MOST_DRAFTS = 999


def page_path(session: str) -> str:
    """The session's document."""
    return f"{FOLDER}/{session}.md"


def diff_path(session: str) -> str:
    """The session's whole diff."""
    return f"{FOLDER}/{session}.diff"


def place_of(uri: str) -> tuple[str, str] | None:
    """The workspace, and the session or draft, of a document (canonical URI) in the folder of session documents."""
    found = _PAGE.fullmatch(uri)
    return (found["workspace"], found["name"]) if found else None


def is_draft(name: str) -> bool:
    """Whether a document of that name is a draft, not a session's."""
    return _DRAFT.fullmatch(name) is not None


def new_draft(files: Files, text: str, taken: Callable[[str], bool]) -> str | FileProblem:
    """Writes a new draft, and gives its path. `taken`: whether the path is that of an open document without a file."""
    for path in (f"{FOLDER}/draft-{n}.md" for n in range(1, MOST_DRAFTS + 1)):
        if not taken(path) and not files.exists(path):
            problem = write(files, path, text, None)
            if problem is None or problem.kind != "exists":
                return problem or path
    return FileProblem("exists", f"{FOLDER}: holds {MOST_DRAFTS} drafts already. Delete some of them.")


def remove_draft(files: Files, name: str, used: Collection[str]) -> None:
    """Removes the file of the draft if no word in it is lost with it, as `spent` judges."""
    text = files.read(page_path(name))
    if isinstance(text, str) and spent(text, used):
        files.delete(page_path(name), digest(text))


def text_of(files: Files, path: str) -> str | FileProblem | None:
    """The file's text; None when there is none yet."""
    found = files.read(path)
    return None if isinstance(found, FileProblem) and found.kind == "missing" else found


def put(files: Files, path: str, text: str) -> FileProblem | None:
    """Writes a file of the folder in which nobody else writes, over whatever it holds."""
    before = text_of(files, path)
    return before if isinstance(before, FileProblem) else write(files, path, text, before)


def write(files: Files, path: str, text: str, before: str | None) -> FileProblem | None:
    """Writes a file of the folder, which git is told to ignore first; `before` is the text that it replaces."""
    if not files.exists(_IGNORE):
        problem = files.write(_IGNORE, "*\n", None)
        if problem is not None:
            return problem
    if text == before:
        return None
    return files.write(path, _encodable(text), None if before is None else digest(before))


def _encodable(text: str) -> str:
    """Half a character, which an editor's buffer may hold, can't be stored."""
    return text.encode("utf-8", "replace").decode("utf-8")


def uri_of(workspace: str, path: str) -> str:
    """The canonical URI of a file in the workspace."""
    return paths.join(workspace, path)
