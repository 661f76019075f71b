"""docs/editors/: what the tests can't run is at least well formed, and every page says how it is tested."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from editors.pages import PAGES, configuration
from editors.simulated import KINDS

SERVER = ["signoff", "server", "--stdio"]
SIMULATED = ("helix", "kate", "sublime", "zed")


def test_helix_starts_the_server_for_each_language() -> None:
    languages = tomllib.loads(configuration("helix", "helix-languages"))
    server = languages["language-server"]["signoff"]
    assert [server["command"], *server["args"]] == SERVER
    assert all("signoff" in each["language-servers"] for each in languages["language"])
    assert "markdown" in [each["name"] for each in languages["language"]], "session documents are Markdown"
    assert tomllib.loads(configuration("helix", "helix-config"))["editor"]["end-of-line-diagnostics"] == "info"


def test_zed_knows_the_server() -> None:
    extension = tomllib.loads(configuration("zed", "zed-extension"))
    assert "Markdown" in extension["language_servers"]["signoff"]["languages"]
    assert tomllib.loads(configuration("zed", "zed-cargo"))["lib"]["crate-type"] == ["cdylib"]
    assert json.loads(configuration("zed", "zed-settings"))["inlay_hints"]["enabled"]
    page = (PAGES / "zed.md").read_text(encoding="utf-8")
    assert 'worktree.which("signoff")' in page and '"server".into(), "--stdio".into()' in page


@pytest.mark.parametrize("page", ["kate", "sublime"])
def test_the_configuration_starts_the_server(page: str) -> None:
    found: dict[str, Any] = json.loads(configuration(page, page))
    entries = (found.get("servers") or found["clients"]).values()
    assert entries and all(each["command"] == SERVER for each in entries)


@pytest.mark.parametrize("page", SIMULATED)
def test_a_page_says_that_its_editor_was_simulated(page: str) -> None:
    assert "Tested by a simulated client" in (PAGES / f"{page}.md").read_text(encoding="utf-8")
    assert any(kind.name.lower() == page for kind in KINDS)


def test_links_lead_somewhere() -> None:
    for page in PAGES.glob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (PAGES / link).exists(), f"{page.name}: {link}"
