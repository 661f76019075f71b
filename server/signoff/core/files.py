"""The workspace's files as values: why one could not be used, and what a path's name alone says about it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fnmatch import translate
from typing import Literal

FileTrouble = Literal[
    "missing", "binary", "encoding", "too_large", "permission", "outside", "changed", "exists", "disk_full", "io"
]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """Why a file could not be read or written; `message` names the file and the reason."""

    kind: FileTrouble
    message: str


Protection = Literal["git", "settings"]

_GIT = frozenset({".git", "git~1"})
_SETTINGS_FOLDERS = frozenset(
    {".vscode", ".vscode-server", ".idea", ".fleet", ".zed", ".signoff", ".codex", ".claude", ".cursor", ".aider"}
)
_SETTINGS_FILES = frozenset({".envrc", ".mcp.json", "mcp.json", "signoff.toml", ".signoff.toml", ".gitmodules"})

_SECRETS = (
    ".env",
    ".env.*",
    "*.env",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".htpasswd",
    ".npmrc",
    ".pypirc",
    ".dockercfg",
    ".git-credentials",
    "credentials",
    "credentials.json",
    "service-account*.json",
    "secrets.y*ml",
    "secrets.json",
    "secrets.toml",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.ppk",
    "*.ovpn",
    "*.tfstate",
    "*.tfstate.backup",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
)
_SECRET_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker"})
_SECRET = re.compile("|".join(map(translate, _SECRETS)))
_PUBLIC = re.compile("|".join(map(translate, ("*.pub", ".env.example", ".env.sample", ".env.template", ".env.dist"))))


def protected(path: str) -> Protection | None:
    """Whether a workspace-relative path is one that may never be written ("git"), or only after asking ("settings").

    Every part of the path counts, in whatever spelling a file system may take for the same name: upper case, other
    Unicode forms, invisible characters (HFS+), trailing dots and spaces, short names and streams (NTFS).
    """
    parts = [_folded(part) for part in path.replace("\\", "/").split("/")]
    if not _GIT.isdisjoint(parts):
        return "git"
    return "settings" if parts[-1] in _SETTINGS_FILES or not _SETTINGS_FOLDERS.isdisjoint(parts) else None


def secret_name(path: str) -> bool:
    """Whether the path's name alone says that it holds keys or passwords, so that it must not reach a model."""
    *folders, name = (_folded(part) for part in path.split("/"))
    if not _SECRET_FOLDERS.isdisjoint(folders):
        return True
    return bool(_SECRET.match(name)) and not _PUBLIC.match(name)


def _folded(part: str) -> str:
    """One spelling for all names that some file system takes for the same file."""
    if part.isascii():
        return part.lower().split(":")[0].rstrip(" .")
    visible = "".join(c for c in unicodedata.normalize("NFC", part) if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", visible.casefold()).split(":")[0].rstrip(" .")
