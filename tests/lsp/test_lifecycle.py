"""How the real process starts and ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from lsp.raw_client import PATIENCE, REAL, ROOT, SAMPLE, RawClient, await_file, encode, environment, started
from signoff.lsp.framing import Message, frames
from signoff.lsp.names import COMMANDS

pytestmark = pytest.mark.e2e

INITIALIZE = {"processId": None, "rootUri": None, "capabilities": {}}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "stderr"


def test_shutdown_and_exit(log: Path) -> None:
    with started(SAMPLE, log) as client:
        client.initialize()
        assert client.leave() == 0
        assert client.stderr() == ""


def test_all_at_once(log: Path) -> None:
    with started(SAMPLE, log) as client:
        client.request("initialize", INITIALIZE)
        shutdown = client.request("shutdown")
        client.notify("exit")
        assert [message["id"] for message in client.rest()] == [1, shutdown]
        assert client.wait() == 0


@pytest.mark.parametrize("initialized", [False, True])
def test_exit_alone(log: Path, initialized: bool) -> None:
    with started(SAMPLE, log) as client:
        if initialized:
            client.initialize()
        client.notify("exit")
        assert client.wait() == 1


@pytest.mark.parametrize("last", [b"", b"Content-Length: 100\r\n\r\n{", b"Content-Le"])
def test_end_of_input(log: Path, last: bytes) -> None:
    with started(SAMPLE, log) as client:
        client.initialize()
        client.send_bytes(last)
        assert client.process.stdin is not None
        client.process.stdin.close()
        assert client.wait() == 1
        assert client.rest() == []


def test_a_client_that_closed_both_ends(log: Path) -> None:
    with started(SAMPLE, log) as client:
        for pipe in (client.process.stdin, client.process.stdout):
            assert pipe is not None
            pipe.close()
        assert client.wait() == 1


@pytest.mark.parametrize(("name", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 1)])
def test_signals(tmp_path: Path, name: signal.Signals, code: int) -> None:
    with started(SAMPLE, tmp_path / "stderr", {"LEFT": str(tmp_path / "left")}) as client:
        client.initialize()
        client.process.send_signal(name)
        assert client.wait() == code
        assert (tmp_path / "left").exists()


def test_shutdown_with_commands_in_flight(server: RawClient) -> None:
    server.initialize()
    running = [server.command("test.sleep") for _ in range(3)]
    for _ in running:
        assert (server.receive() or {})["method"] == "window/logMessage"  # it sleeps
    shutdown = server.request("shutdown")
    late = server.command("test.echo")
    server.notify("exit")
    answers = {message["id"]: message for message in server.rest() if "id" in message}
    assert answers.pop(shutdown)["result"] is None
    codes = {msg_id: answer["error"]["code"] for msg_id, answer in answers.items()}
    assert codes == {**dict.fromkeys(running, -32800), late: -32600}
    assert server.wait() == 0


def test_the_order_of_the_life_cycle(log: Path) -> None:
    with started(SAMPLE, log) as client:
        assert client.answer(client.request("textDocument/hover", {}))["error"]["code"] == -32002
        assert client.answer(client.request("initialize", {"capabilities": 5}))["error"]["code"] == -32602
        client.initialize()
        assert client.answer(client.request("initialize", INITIALIZE))["error"]["code"] == -32600
        assert client.answer(client.request("shutdown"))["result"] is None
        assert client.answer(client.request("shutdown"))["error"]["code"] == -32600
        client.notify("exit")
        assert client.wait() == 0


def test_the_death_of_the_client_that_keeps_its_pipes_open(tmp_path: Path) -> None:
    parent = subprocess.Popen(["sleep", "600"])
    with started(SAMPLE, tmp_path / "stderr", {"LEFT": str(tmp_path / "left")}) as client:
        client.initialize(process_id=parent.pid)
        parent.kill()
        # Not waited for: a zombie counts as dead.
        assert client.wait() == 1
        assert (tmp_path / "left").exists()
    parent.wait()


def test_the_death_of_the_client_while_a_handler_hangs(tmp_path: Path) -> None:
    parent = subprocess.Popen(["sleep", "600"])
    with started(SAMPLE, tmp_path / "stderr") as client:
        client.initialize(process_id=parent.pid)
        client.command("test.block", path=str(tmp_path / "mark"))
        await_file(tmp_path / "mark")
        parent.kill()
        parent.wait()
        assert client.wait() == 1


def test_a_process_that_cannot_be_seen_is_not_watched(log: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with started([*SAMPLE, "--log-level", "info"], log) as client:
        client.initialize(process_id=gone.pid)
        assert client.answer(client.request("shutdown"))["result"] is None
        client.notify("exit")
        assert client.wait() == 0
        assert "is gone" not in client.stderr()


def test_the_option_to_watch_the_parent(tmp_path: Path) -> None:
    start = "import subprocess, sys; subprocess.run(sys.argv[2:], stdin=int(sys.argv[1]))"
    reading, writing = os.pipe()
    server = [*SAMPLE, "--check-parent-process"]
    parent = subprocess.Popen(
        [sys.executable, "-c", start, str(reading), *server],
        stdout=subprocess.PIPE,
        pass_fds=[reading],
        env=environment(),
    )
    os.close(reading)
    os.write(writing, encode({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}))
    assert parent.stdout is not None
    with parent.stdout as stdout:
        assert isinstance(next(frames(stdout)), Message)
        parent.kill()
        parent.wait()
        # The end of the server's output is the end of the server: its input is still open.
        assert stdout.read() == b""
    os.close(writing)


def test_capabilities(log: Path) -> None:
    declared = {
        "textDocument": {"codeLens": {}, "inlayHint": {}},
        "general": {"positionEncodings": ["utf-32", "utf-8"]},
    }
    with started(SAMPLE, log) as client:
        result = client.initialize(declared)
        assert client.leave() == 0
    capabilities = result["capabilities"]
    assert result["serverInfo"]["name"] == "signoff"
    assert capabilities["positionEncoding"] == "utf-32"
    assert capabilities["textDocumentSync"] == {"openClose": True, "change": 2, "save": {"includeText": False}}
    assert capabilities["executeCommandProvider"]["commands"] == list(COMMANDS)
    assert capabilities["workspace"]["workspaceFolders"] == {"supported": True, "changeNotifications": True}
    assert {"codeLensProvider", "inlayHintProvider", "hoverProvider", "codeActionProvider"} <= set(capabilities)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(None, "utf-16"), (["utf-7"], "utf-16"), (["x", "utf-8", "utf-16"], "utf-8"), (["utf-16", "utf-32"], "utf-16")],
)
def test_position_encodings(offered: list[str] | None, chosen: str) -> None:
    from lsprotocol import types

    from signoff.lsp.capabilities import server_capabilities

    general = types.GeneralClientCapabilities(position_encodings=offered)
    capabilities = server_capabilities(types.ClientCapabilities(general=general))
    assert capabilities.position_encoding == chosen
    assert (capabilities.code_lens_provider, capabilities.inlay_hint_provider) == (None, None)


@pytest.mark.parametrize("offered", [[], ["ebcdic"]], ids=str)
def test_a_client_without_an_encoding_that_we_know_is_served_in_silence(log: Path, offered: list[str]) -> None:
    with started(SAMPLE, log) as client:
        result = client.initialize({"general": {"positionEncodings": offered}})
        assert client.leave() == 0
        assert client.stderr() == ""
    assert result["capabilities"]["positionEncoding"] == "utf-16"


def test_what_is_imported_before_the_answer_to_initialize(log: Path) -> None:
    """`-X importtime` names each module on stderr as it is loaded, and the log line stands between before and after."""
    argv = [sys.executable, "-X", "importtime", *REAL[1:], "--log-level", "info"]
    with started(argv, log) as client:
        client.initialize()
        await_line(client, "(Answered initialize.)")
    before = client.stderr().partition("Answered initialize.")[0]
    loaded = {name.strip() for name in re.findall(r"^import time:.*\|([^|\n]+)$", before, re.MULTILINE)}
    assert {"pygls.lsp.server", "signoff.lsp.server"} <= loaded
    ours = {"core", "context", "runtime", "world", "cli", "app", "lsp.documents", "lsp.settings"}
    heavy = {"openai", "git", "tiktoken", "watchdog", "sqlite3", "pydantic", "httpx2", "rapidfuzz", "cydifflib"}
    unwanted = heavy | {f"signoff.{room}" for room in ours}
    assert {name for name in loaded if any(f"{name}.".startswith(f"{each}.") for each in unwanted)} == set()


@pytest.mark.parametrize(
    ("named", "answered"), [({"signoff": {"version": 7}}, {"signoff": {"version": 1}}), ({}, None)]
)
def test_a_client_that_names_a_version_of_our_messages_is_told_ours(
    log: Path, named: dict[str, object], answered: object
) -> None:
    with started(SAMPLE, log) as client:
        result = client.initialize({"experimental": named})
        assert client.leave() == 0
    assert result["capabilities"].get("experimental") == answered
    assert result["serverInfo"]["version"]


def test_pygls_never_logs_what_is_said(log: Path) -> None:
    with started([*SAMPLE, "--log-level", "debug"], log) as client:
        client.initialize({"experimental": {"key": "secret-1"}})
        client.answer(client.command("test.echo", key="secret-2"))
        client.notify("textDocument/didOpen", {"textDocument": {"uri": "secret-3", "text": ["secret-4"]}})
        client.answer(client.request("workspace/executeCommand", {"command": ["secret-5"], "arguments": "secret-6"}))
        assert client.leave() == 0
        assert "secret" not in client.stderr()
        assert "DEBUG" in client.stderr()


def test_a_client_that_does_not_read_stderr() -> None:
    argv = [*SAMPLE, "--log-level", "debug"]
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), bufsize=0
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(encode({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}))
        for _ in range(3_000):
            process.stdin.write(encode({"jsonrpc": "2.0", "method": "not/known", "params": None}))
        process.stdin.write(encode({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}))
        process.stdin.write(encode({"jsonrpc": "2.0", "method": "exit"}))
        with open(process.stdout.fileno(), "rb", closefd=False) as stdout:
            assert [frame.value["id"] for frame in frames(stdout) if isinstance(frame, Message)] == [1, 2]
        assert process.wait(PATIENCE) == 0


def test_the_log_file(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with started([*SAMPLE, "--log-file", str(file), "--log-level", "info"], tmp_path / "stderr") as client:
        client.initialize()
        assert client.leave() == 0
        assert client.stderr() == ""
    assert "Answered initialize." in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--port", "1"], "--port"),
        (["--tcp", "x"], "'x' is not a port"),
        (["--tcp", "1", "--stdio"], "not allowed with"),
        (["--log-level", "loud"], "invalid choice"),
        (["--log-file", "/dev/null/x"], "cannot write the log file /dev/null/x"),
    ],
)
def test_wrong_usage(arguments: list[str], word: str) -> None:
    done = subprocess.run([*REAL, *arguments], capture_output=True, text=True, env=environment(), timeout=PATIENCE)
    assert done.returncode == 2
    assert word in done.stderr
    assert done.stdout == ""


def test_a_part_that_cannot_be_loaded_is_shown_and_the_server_goes_on(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom signoff.lsp import launch\n"
        "def attach(server, options):\n"
        "    @server.command('test.state')\n"
        "    def _(argument): return str(options.state_dir)\n"
        "    server.warm(lambda: 1 / 0)\n"
        "    import no_such_module\n"
        "sys.exit(launch.main(sys.argv[1:], attach))"
    )
    with started([sys.executable, "-c", script, "--state-dir", "d"], tmp_path / "stderr") as client:
        client.request("initialize", INITIALIZE)
        client.answer(1)
        shown = client.receive()
        assert shown is not None
        assert shown["params"]["message"].endswith("ModuleNotFoundError: No module named 'no_such_module'")
        assert client.answer(client.command("test.state"))["result"] == "d"
        assert client.leave() == 0
        assert "ZeroDivisionError" in client.stderr()


def test_tcp(log: Path) -> None:
    with started([*SAMPLE, "--tcp", "0"], log) as client:
        port = int(await_line(client, r"listening on 127\.0\.0\.1:(\d+)"))
        with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as stream:
            for message in (
                {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
                {"jsonrpc": "2.0", "id": 2, "method": "shutdown"},
                {"jsonrpc": "2.0", "method": "exit"},
            ):
                connection.sendall(encode(message))
            ids: list[Any] = [frame.value["id"] for frame in frames(stream) if isinstance(frame, Message)]
        assert ids == [1, 2]
        assert client.wait() == 0


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        argv = [*REAL, "--tcp", str(taken.getsockname()[1])]
        done = subprocess.run(argv, capture_output=True, text=True, env=environment(), timeout=PATIENCE, cwd=ROOT)
    assert (done.returncode, done.stderr.startswith("signoff server: cannot listen on port")) == (1, True)


def await_line(client: RawClient, pattern: str) -> str:
    for _ in range(PATIENCE * 20):
        if found := re.search(pattern, client.stderr()):
            return found[1]
        sleep(0.05)
    raise AssertionError(client.stderr())
