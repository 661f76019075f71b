"""File URIs and workspace-relative POSIX paths, as pure text. Nothing here looks at a disk."""

from __future__ import annotations

from posixpath import normpath
from urllib.parse import quote, unquote, urlsplit

_SAFE = "/~!$&'()*+,;=@"


def to_path(uri: str) -> str:
    """The path of a `file` URI (`/c:/x` loses its first slash on Windows drives). ValueError for any other scheme."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        raise ValueError(f"{uri} is not a file")
    path = unquote(uri.removeprefix("file://").removeprefix(parts.netloc))
    drive = len(path) > 2 and path[0] == "/" and path[2] == ":"
    return path[1:] if drive else path


def to_uri(path: str) -> str:
    """The `file` URI of an absolute POSIX path, in one spelling."""
    absolute = path if path.startswith("/") else "/" + path
    return "file://" + quote(absolute, safe=_SAFE)


def normal(uri: str) -> str:
    """One spelling for every way of escaping the same `file` URI; other URIs stay as they are."""
    return to_uri(normpath(to_path(uri))) if uri.startswith("file:") else uri


def join(workspace: str, path: str) -> str:
    """The URI of a workspace-relative path."""
    return to_uri(to_path(normal(workspace)).rstrip("/") + "/" + path)


def relative(workspace: str, uri: str) -> str | None:
    """The path of `uri` inside the workspace; None when it lies outside."""
    if not uri.startswith("file:") or not workspace.startswith("file:"):
        return None
    root, path = to_path(normal(workspace)).rstrip("/") + "/", to_path(normal(uri))
    return path[len(root) :] if path.startswith(root) and len(path) > len(root) else None


def shown(workspace: str, uri: str) -> str:
    """The shortest name for a document: its path in the workspace, else its URI."""
    return relative(workspace, uri) or uri
