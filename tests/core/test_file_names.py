"""What a path's name alone says: protected or not, secret or not."""

from __future__ import annotations

import pytest

from signoff.core.files import protected, secret_name

GIT = [
    ".git/config",
    ".git",
    "a/.git/hooks/x",
    ".GiT/config",
    "sub/.GIT",
    ".g\u200cit/x",
    ".git./x",
    "git~1/x",
    ".git /x",
]
GIT += [".git::$INDEX_ALLOCATION/x", "a\\.git\\config"]
SETTINGS = [".vscode/tasks.json", ".VSCODE/settings.json", ".idea/x", ".envrc", "sub/.envrc", ".signoff/x", ".mcp.json"]
SETTINGS += [".IDEA/x", ".gitmodules"]
PLAIN = ["a.py", "git/config", ".gitignore", ".github/workflows/x.yml", "vscode/x", "x.git", "docs/.gitkeep"]


@pytest.mark.parametrize("path", GIT)
def test_gits_own_files_are_protected(path: str) -> None:
    assert protected(path) == "git"


@pytest.mark.parametrize("path", SETTINGS)
def test_settings_are_protected(path: str) -> None:
    assert protected(path) == "settings"


@pytest.mark.parametrize("path", PLAIN)
def test_other_files_are_not(path: str) -> None:
    assert protected(path) is None


SECRET = [".env", "a/.env.local", "prod.env", "x/key.PEM", "id_rsa", "id_ed25519", ".ssh/config", ".npmrc", "a.kdbx"]
OPEN = [".env.example", "id_rsa.pub", "environment.py", "keys.py", "a.keyboard", "src/env/a.py", "monkey"]


@pytest.mark.parametrize("path", SECRET)
def test_secrets_are_known_by_name(path: str) -> None:
    assert secret_name(path)


@pytest.mark.parametrize("path", OPEN)
def test_what_only_looks_like_a_secret(path: str) -> None:
    assert not secret_name(path)
