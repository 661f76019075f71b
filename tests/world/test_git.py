"""What git says of a workspace, in every kind of repository; and that a hostile one runs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from signoff.world import git_safe
from signoff.world.git import GitRepository

SERVER = str(Path(__file__).parents[2] / "server")
CLEAN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
}
NAMES = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"]


def git(folder: Path, *arguments: str) -> str:
    argv = ["git", "-C", str(folder), *NAMES, *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True, env=CLEAN).stdout


def put(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def ws(tmp_path: Path) -> Path:
    """A repository with one commit of a.py, sub/b.py and a link."""
    folder = tmp_path / "ws"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    put(folder, a_py="one\ntwo\n", sub__b_py="b\n", _gitignore="*.log\n")
    (folder / "link").symlink_to("a.py")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_a_repository_without_changes(ws: Path) -> None:
    repository = GitRepository(ws)
    assert repository.head() == git(ws, "rev-parse", "HEAD").strip()
    assert repository.working_diff() == ""
    assert repository.files() == [".gitignore", "a.py", "sub/b.py"]


def test_staged_unstaged_and_untracked_changes(ws: Path) -> None:
    put(ws, a_py="one\n2\n", new_py="x\n", x_log="ignored\n", staged_py="s\n", größe_txt="é\n")
    git(ws, "add", "staged.py")
    (ws / "sub" / "b.py").unlink()
    diff = GitRepository(ws).working_diff()
    assert "diff --git a/a.py b/a.py\n" in diff and "\n-two\n+2\n" in diff
    assert "+++ b/staged.py\n" in diff and "\n-b\n" in diff
    assert diff.endswith("Untracked files:\n  größe.txt\n  new.py\n")
    assert GitRepository(ws).files() == [".gitignore", "a.py", "größe.txt", "new.py", "staged.py", "sub/b.py"]


def test_a_folder_of_a_repository_knows_only_itself(ws: Path) -> None:
    put(ws, a_py="changed\n", sub__b_py="changed\n", sub__new_py="x\n", other_py="x\n")
    repository = GitRepository(ws / "sub")
    assert repository.files() == ["b.py", "new.py"]
    diff = repository.working_diff()
    assert "diff --git a/b.py b/b.py\n" in diff and "a.py" not in diff and "other" not in diff
    assert diff.endswith("Untracked files:\n  new.py\n")


@pytest.mark.parametrize("limit", [0, 10, 60, 300, 1000, 5000])
def test_the_diff_keeps_to_its_limit(ws: Path, limit: int) -> None:
    put(ws, a_py="".join(f"line {number}\n" for number in range(500)))
    for number in range(300):
        (ws / f"untracked{number}.py").write_text("", encoding="utf-8")
    diff = GitRepository(ws).working_diff(limit)
    assert len(diff) <= limit
    if limit >= 300:
        assert "[the diff is longer: cut here]\n" in diff and "more\n" in diff


def test_a_diff_far_over_the_limit_is_cut_at_a_line(ws: Path) -> None:
    put(ws, a_py="0123456789\n" * 500_000)
    diff = GitRepository(ws).working_diff(2000)
    assert diff.endswith("\n+0123456789\n[the diff is longer: cut here]\n") and len(diff) > 1900


def test_what_may_hold_secrets_is_not_shown(ws: Path) -> None:
    put(ws, _env="KEY=canary-1\n", keys__server_pem="canary-2\n", b_py="shown\n")
    (ws / "with space.key").write_text("canary-3\n", encoding="utf-8")
    (ws / "ödd\t.key").write_text("canary-4\n", encoding="utf-8")
    git(ws, "add", "-A")
    diff = GitRepository(ws).working_diff()
    assert "canary" not in diff and "+shown" in diff
    assert diff.count("may hold secrets") == 4 and "diff --git a/.env b/.env\n" in diff


def test_no_repository(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    assert (repository.head(), repository.files(), repository.working_diff()) == (None, None, "")
    missing = GitRepository(tmp_path / "none")
    assert (missing.head(), missing.files(), missing.working_diff()) == (None, None, "")


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_repository_without_a_commit(tmp_path: Path, form: str) -> None:
    git(tmp_path, "init", "-q", f"--object-format={form}")
    put(tmp_path, a_py="a\n", b_py="b\n")
    git(tmp_path, "add", "a.py")
    repository = GitRepository(tmp_path)
    assert repository.head() is None
    assert repository.files() == ["a.py", "b.py"]
    diff = repository.working_diff()
    assert "+++ b/a.py\n" in diff and diff.endswith("Untracked files:\n  b.py\n")


def test_a_bare_repository(ws: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(ws), "bare.git")
    repository = GitRepository(tmp_path / "bare.git")
    assert repository.head() == GitRepository(ws).head()
    assert repository.files() is None and repository.working_diff() == ""


def test_a_detached_head(ws: Path) -> None:
    head = git(ws, "rev-parse", "HEAD").strip()
    git(ws, "checkout", "-q", "--detach")
    put(ws, a_py="x\n")
    assert GitRepository(ws).head() == head and "+x\n" in GitRepository(ws).working_diff()


def test_a_work_tree_of_its_own(ws: Path, tmp_path: Path) -> None:
    git(ws, "worktree", "add", "-q", str(tmp_path / "tree"))
    put(tmp_path / "tree", a_py="x\n")
    repository = GitRepository(tmp_path / "tree")
    assert repository.head() == GitRepository(ws).head()
    assert "+x\n" in repository.working_diff() and GitRepository(ws).working_diff() == ""
    assert repository.files() == [".gitignore", "a.py", "sub/b.py"]


def test_submodules_are_left_out(ws: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "--quiet", "add", str(ws), "mod")
    git(outer, "commit", "-q", "-m", "with a submodule")
    put(outer / "mod", a_py="changed\n")
    git(outer, "init", "-q", "nested")
    assert GitRepository(outer).files() == [".gitmodules"]
    assert GitRepository(outer).working_diff() == ""
    assert "+changed\n" in GitRepository(outer / "mod").working_diff()


def test_a_merge_with_conflicts(ws: Path) -> None:
    git(ws, "checkout", "-q", "-b", "side")
    put(ws, a_py="side\n")
    git(ws, "commit", "-qam", "side")
    git(ws, "checkout", "-q", "main")
    put(ws, a_py="main\n")
    git(ws, "commit", "-qam", "main")
    with pytest.raises(subprocess.CalledProcessError):
        git(ws, "merge", "side")
    assert "+<<<<<<< HEAD\n" in GitRepository(ws).working_diff()
    assert GitRepository(ws).files() == [".gitignore", "a.py", "sub/b.py"]


def test_odd_names_and_bytes(ws: Path) -> None:
    for name in ("-rf", "--help", ":(top)x", "new\nline.py", "sp ace", "*.py"):
        (ws / name).write_text("x\n", encoding="utf-8")
    (ws / "caf\udce9.py").write_text("x\n", encoding="utf-8")
    (ws / "bin").write_bytes(b"\0\xff")
    (ws / "a.py").write_bytes(b"gr\xfcn\n")
    files = GitRepository(ws).files()
    assert files is not None and {"-rf", "--help", ":(top)x", "new\nline.py", "*.py"} <= set(files)
    assert not any("caf" in name for name in files)
    assert "+gr\ufffdn\n" in GitRepository(ws).working_diff()


def test_a_broken_repository(ws: Path) -> None:
    (ws / ".git" / "config").write_text("[core\nbroken", encoding="utf-8")
    repository = GitRepository(ws)
    assert (repository.head(), repository.files(), repository.working_diff()) == (None, None, "")


def test_a_git_that_hangs_is_stopped(ws: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    git(ws, "config", "core.excludesFile", str(tmp_path / "pipe"))
    assert GitRepository(ws, timeout=0.5).files() is None


def test_many_warnings_do_not_stop_it(ws: Path) -> None:
    git(ws, "config", "core.autocrlf", "input")
    git(ws, "config", "core.safecrlf", "warn")
    for number in range(1500):
        (ws / f"a rather long name for a file {number}.txt").write_text("x\n", encoding="utf-8")
    git(ws, "add", "-A")
    for number in range(1500):
        (ws / f"a rather long name for a file {number}.txt").write_text("y\r\nz\r\n", encoding="utf-8", newline="")
    assert len(GitRepository(ws).working_diff(1_000_000)) > 100_000


def test_a_worktree_setting_cannot_show_files_from_elsewhere(ws: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.py").write_text("private\n", encoding="utf-8")
    git(ws, "config", "core.worktree", str(elsewhere))
    repository = GitRepository(ws)
    assert repository.files() is None and repository.working_diff() == ""
    git(ws, "config", "core.worktree", str(tmp_path))
    put(tmp_path, a_py="private\n")
    assert "private" not in repository.working_diff() and "elsewhere/a.py" not in (repository.files() or [])


def test_the_environment_of_a_commit_hook_is_not_ours(
    ws: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    for name, value in {"GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": "none", "GIT_WORK_TREE": str(other)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.fsmonitor=touch marker'")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    assert GitRepository(ws).files() == [".gitignore", "a.py", "sub/b.py"]
    assert not (tmp_path / "trace").exists()


def test_without_a_git_program(ws: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from signoff.world.git import GitRepository\n"
        "assert 'git' not in sys.modules\n"
        "one = GitRepository(Path(sys.argv[1])); print(one.head(), one.files(), repr(one.working_diff()))\n"
    )
    for path in ("/nonexistent", ".", ""):
        environment = {"PATH": path, "PYTHONPATH": SERVER}
        (ws / "git").write_text("#!/bin/sh\n/usr/bin/touch marker\n", encoding="utf-8")
        (ws / "git").chmod(0o755)
        argv = [sys.executable, "-c", script, str(ws)]
        out = subprocess.run(argv, check=True, capture_output=True, text=True, env=environment, cwd=ws)
        assert out.stdout == "None None ''\n"
    assert not (ws / "marker").exists()


def test_an_old_git_is_not_used(tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\necho git version 2.31.9\n", encoding="utf-8")
    program.chmod(0o755)
    assert git_safe.executable(str(tmp_path)) is None
    program.write_text("#!/bin/sh\necho git version 2.32.0\n", encoding="utf-8")
    git_safe.executable.cache_clear()
    assert git_safe.executable(str(tmp_path)) == str(program)


@pytest.fixture
def hostile(ws: Path, tmp_path: Path) -> Path:
    """`ws` with every setting that can make git start a program; each would leave a file in tmp_path/marks."""
    marks = tmp_path / "marks"
    marks.mkdir()

    def mark(name: str, then: str = "cat") -> str:
        script = tmp_path / f"mark-{name}"
        script.write_text(f"#!/bin/sh\ntouch '{marks}/{name}'\n{then}\n", encoding="utf-8")
        script.chmod(0o755)
        return str(script)

    put(
        ws,
        _gitattributes="*.py filter=direct diff=shown\n*.t filter=included\n*.e filter=a=b\n"
        "*.p filter=proc\n*.d diff=ext\n",
        x_t="t\n",
        x_e="e\n",
        x_p="p\n",
        x_d="d\n",
    )
    git(ws, "add", "-A")
    git(ws, "commit", "-q", "-m", "attributes")
    hooks = ws / ".git" / "evil-hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "fsmonitor-watchman", "post-checkout", "pre-commit", "reference-transaction"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch '{marks}/hook-{hook}'\n", encoding="utf-8")
        (hooks / hook).chmod(0o755)
    (ws / ".git" / "included").write_text(
        f'[filter "included"]\n\tclean = {mark("included")}\n\tsmudge = {mark("included")}\n\trequired = true\n'
        f'[filter "a=b"]\n\tclean = {mark("equals")}\n\trequired\n',
        encoding="utf-8",
    )
    settings = {
        "include.path": "included",
        "core.fsmonitor": mark("fsmonitor"),
        "core.hooksPath": str(hooks),
        "core.pager": mark("pager"),
        "core.editor": mark("editor"),
        "core.sshCommand": mark("ssh"),
        "core.askPass": mark("askpass"),
        "credential.helper": mark("credential"),
        "gpg.program": mark("gpg"),
        "log.showSignature": "true",
        "pager.diff": mark("pager-diff"),
        "pager.config": mark("pager-config"),
        "pager.rev-parse": mark("pager-rev-parse"),
        "alias.diff": f"!{mark('alias')}",
        "alias.ls-files": f"!{mark('alias')}",
        "alias.rev-parse": f"!{mark('alias')}",
        "diff.external": mark("external"),
        "diff.shown.textconv": mark("textconv"),
        "diff.shown.command": mark("diff-command"),
        "diff.ext.command": mark("diff-command-2"),
        "interactive.diffFilter": mark("interactive"),
        "filter.direct.clean": mark("clean"),
        "filter.direct.smudge": mark("smudge"),
        "filter.direct.required": "true",
        "filter.proc.process": mark("process"),
        "filter.proc.required": "true",
        "remote.origin.url": f"ext::{mark('transport', 'exit 1')}",
        "remote.origin.uploadpack": mark("uploadpack", "exit 1"),
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "protocol.ext.allow": "always",
        "protocol.allow": "always",
        "color.ui": "always",
        "diff.noprefix": "true",
        "submodule.recurse": "true",
    }
    for key, value in settings.items():
        git(ws, "-c", "core.fsmonitor=false", "config", key, value)
    # Newer times than the index knows, so that git has to look into the files.
    put(ws, a_py="changed\n", x_t="changed\n", x_e="changed\n", x_p="changed\n", x_d="changed\n", sub__b_py="b\n")
    return ws


def test_a_hostile_repository_runs_nothing(hostile: Path, tmp_path: Path) -> None:
    repository = GitRepository(hostile)
    assert repository.head() is not None
    diff = repository.working_diff()
    assert diff.count("+changed\n") == 5 and "diff --git a/a.py b/a.py\n" in diff and "\x1b" not in diff
    assert repository.files() == [".gitattributes", ".gitignore", "a.py", "sub/b.py", "x.d", "x.e", "x.p", "x.t"]
    assert repository.commits() and repository.branch() == ("", [])
    assert os.listdir(tmp_path / "marks") == []


def test_a_missing_object_is_not_fetched(hostile: Path, tmp_path: Path) -> None:
    blob = git(hostile, "-c", "core.fsmonitor=false", "rev-parse", "HEAD:a.py").strip()
    (hostile / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for url in (f"ext::{tmp_path}/mark-transport", f"file://{hostile}", str(hostile), "ssh://host/x"):
        git(hostile, "-c", "core.fsmonitor=false", "config", "remote.origin.url", url)
        GitRepository(hostile).working_diff()
    assert os.listdir(tmp_path / "marks") == []
    for url in (f"ext::{tmp_path}/mark-transport", f"file://{hostile}"):
        git(hostile, "-c", "core.fsmonitor=false", "config", "remote.origin.url", url)
        plain = ["git", "-C", str(hostile), "cat-file", "-p", blob]
        subprocess.run(plain, env=CLEAN, capture_output=True, check=False, timeout=20)
    assert {"transport", "uploadpack"} <= set(os.listdir(tmp_path / "marks")), "plain git would have"


def test_the_traps_are_real(hostile: Path, tmp_path: Path) -> None:
    """Plain git falls into them: otherwise the tests above would prove nothing."""
    # This one cannot speak the protocol, and git gives up before it meets the others.
    calm = ["-c", "filter.proc.process=", "-c", "filter.proc.required=false"]
    for arguments in (["status"], ["diff"], [*calm, "diff", "--no-ext-diff"], [*calm, "diff"]):
        subprocess.run(["git", "-C", str(hostile), *arguments], env=CLEAN, capture_output=True, check=False)
    sprung = set(os.listdir(tmp_path / "marks"))
    assert {"fsmonitor", "clean", "process", "textconv", "included", "equals", "diff-command"} <= sprung


def test_the_latest_commits_with_their_files(ws: Path) -> None:
    first = git(ws, "rev-parse", "HEAD").strip()
    put(ws, a_py="1\n", größe_txt="é\n", server_pem="key\n")
    git(ws, "add", "-A")
    git(ws, "commit", "-q", "-m", "Second: more\n\nA body.")
    repository = GitRepository(ws)
    (second,) = repository.commits(first)
    assert second[0].endswith(" Second: more") and set(second[1]) == {"a.py", "größe.txt"}
    assert [line.partition(" ")[2] for line, _ in repository.commits("", 10)] == ["Second: more", "first"]
    assert repository.commits(git(ws, "rev-parse", "HEAD").strip()) == []
    assert repository.commits("f" * 40) == repository.commits("--output=x") == []
    assert not (ws / "x").exists()
    assert [names for _, names in GitRepository(ws / "sub").commits()] == [["b.py"]]


def test_what_a_branch_changed(ws: Path) -> None:
    repository = GitRepository(ws)
    assert repository.branch() == ("", [])
    git(ws, "checkout", "-q", "-b", "topic")
    assert repository.branch() == ("", [])
    put(ws, a_py="topic\n", new_py="n\n")
    git(ws, "add", "-A")
    git(ws, "commit", "-q", "-m", "topic")
    assert repository.branch() == ("main", ["a.py", "new.py"])
    assert repository.branch(limit=1) == ("main", ["a.py"])


def test_commits_where_there_are_none(tmp_path: Path) -> None:
    assert GitRepository(tmp_path).commits() == [] and GitRepository(tmp_path).branch() == ("", [])
    git(tmp_path, "init", "-q", "-b", "main")
    assert GitRepository(tmp_path).commits() == [] and GitRepository(tmp_path).branch() == ("", [])
