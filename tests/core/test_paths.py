"""File URIs and workspace-relative paths, in every spelling that clients use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.core.paths import join, normal, relative, shown, to_path, to_uri


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///w/a.py", "/w/a.py"),
        ("file:/w/a.py", "/w/a.py"),
        ("file://host/w/a.py", "/w/a.py"),
        ("file:///w/a%20b%23.py", "/w/a b#.py"),
        ("file:///c%3A/x", "c:/x"),
        ("file:///C:/x", "C:/x"),
        ("file:///a", "/a"),
    ],
)
def test_to_path(uri: str, path: str) -> None:
    assert to_path(uri) == path


@pytest.mark.parametrize("uri", ["untitled:1", "https://x/y", "x"])
def test_other_schemes_have_no_path(uri: str) -> None:
    with pytest.raises(ValueError, match="is not a file"):
        to_path(uri)


@pytest.mark.parametrize(
    ("uri", "spelled"),
    [
        ("file:///w/./a/../b.py", "file:///w/b.py"),
        ("file:///w/%61.py", "file:///w/a.py"),
        ("file:///c:/x", "file:///c%3A/x"),
        ("file:///C%3A/x", "file:///C%3A/x"),
        ("untitled:Untitled-1", "untitled:Untitled-1"),
        ("file://[w/a.py", "file://[w/a.py"),
    ],
)
def test_normal(uri: str, spelled: str) -> None:
    assert normal(uri) == spelled


@pytest.mark.parametrize("workspace", ["file:///w", "file:///w/", "file:///", "file:///a%20b", "file:///c:/x"])
@given(path=st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_join_and_relative_are_inverse(workspace: str, path: str) -> None:
    if path not in (".", ".."):
        assert relative(workspace, join(workspace, path)) == path
        assert normal(join(workspace, path)) == join(workspace, path)


@pytest.mark.parametrize(
    ("workspace", "uri", "path"),
    [
        ("file:///w", "file:///w/a/b.py", "a/b.py"),
        ("file:///w", "file:///w", None),
        ("file:///w", "file:///other/a.py", None),
        ("file:///w", "file:///way/a.py", None),
        ("file:///w", "untitled:1", None),
        ("untitled:w", "file:///w/a.py", None),
    ],
)
def test_relative(workspace: str, uri: str, path: str | None) -> None:
    assert relative(workspace, uri) == path
    assert shown(workspace, uri) == path or uri


def test_nothing_that_a_model_can_write_is_an_error() -> None:
    assert join("file:///w", "\ud800") == "file:///w/%ED%A0%80"
    assert join("untitled:w", "a b") == "untitled:w/a%20b"
    assert to_uri("relative") == "file:///relative"
