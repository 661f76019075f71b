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
    bare = uri[len("file:") :]
    path = unquote(bare[2:].removeprefix(parts.netloc) if bare.startswith("//") else bare)
    drive = len(path) > 2 and path[0] == "/" and path[2] == ":"
    return path[1:] if drive else path


def to_uri(path: str) -> str:
    """The `file` URI of an absolute POSIX path, in one spelling."""
    absolute = path if path.startswith("/") else "/" + path
    return "file://" + _quoted(absolute)


def normal(uri: str) -> str:
    """One spelling for every way of escaping the same `file` URI; other URIs stay as they are."""
    try:
        return to_uri(normpath(to_path(uri))) if uri.startswith("file:") else uri
    except ValueError:  # brackets that are no host, which no file has
        return uri


def join(workspace: str, path: str) -> str:
    """The URI of a workspace-relative path."""
    return _root(workspace) + _quoted(path)


def relative(workspace: str, uri: str) -> str | None:
    """The path of `uri` inside the workspace; None when it lies outside."""
    if not uri.startswith("file:") or not workspace.startswith("file:"):
        return None
    root, spelled = _root(workspace), normal(uri)
    return unquote(spelled[len(root) :]) if spelled.startswith(root) and len(spelled) > len(root) else None


def shown(workspace: str, uri: str) -> str:
    """The shortest name for a document: its path in the workspace, else its URI."""
    return relative(workspace, uri) or uri


def _root(workspace: str) -> str:
    spelled = normal(workspace)
    return spelled if spelled.endswith("/") else spelled + "/"


def _quoted(path: str) -> str:
    return quote(path, safe=_SAFE, errors="surrogatepass")
