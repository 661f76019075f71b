"""The real server with commands that tests need: run it like `python -m signoff server`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lsprotocol import types

from signoff.lsp import launch
from signoff.lsp.guard import Refusal
from signoff.lsp.server import SignoffServer


def attach(server: SignoffServer, options: launch.Options) -> None:
    """Register the commands."""
    _simple(server)
    _sending(server)
    _waiting(server)

    async def leave() -> None:
        (mark := os.environ.get("LEFT")) and Path(mark).write_text("left")

    server.on_exit(leave)


def _simple(server: SignoffServer) -> None:
    @server.command("test.echo")
    def _(argument: dict[str, Any]) -> Any:
        return argument

    @server.command("test.text")
    def _(argument: dict[str, Any]) -> Any:
        document = server.documents.get(argument["uri"])
        return document and {"text": document.text, "version": document.version}

    @server.command("test.fail")
    def _(argument: dict[str, Any]) -> Any:
        raise ValueError("secret detail")

    @server.command("test.unguarded")
    async def _(argument: dict[str, Any]) -> Any:
        return {}[argument["name"]]

    @server.command("test.unserialisable")
    def _(argument: dict[str, Any]) -> Any:
        return {"value": (argument.get("nan") and float("nan")) or object()}

    @server.command("test.refuse")
    def _(argument: dict[str, Any]) -> Any:
        raise Refusal("Unknown key 'colour'.")

    @server.command("test.print")
    def _(argument: dict[str, Any]) -> Any:
        print("Content-Length: 5\r\n\r\nhello", flush=True)
        os.write(1, b"raw bytes on descriptor 1\n")
        eaten = subprocess.run(["sh", "-c", "echo from a child; cat"], check=True).returncode
        return {"child": eaten, "stdin": sys.stdin.read()}

    @server.command("test.block")
    def _(argument: dict[str, Any]) -> Any:
        Path(argument["path"]).write_text("here")
        time.sleep(3600)

    @server.command("test.touch")
    def _(argument: dict[str, Any]) -> Any:
        Path(argument["path"]).write_text("here")
        return None


def _sending(server: SignoffServer) -> None:
    @server.command("test.burst")
    def _(argument: dict[str, Any]) -> Any:
        """`count` of each message that a newer one replaces, the number of each in its text; and as many log lines."""
        for number in range(argument["count"]):
            where = types.Range(types.Position(0, 0), types.Position(0, 1))
            item = types.Diagnostic(where, f"{number} " + "x" * argument.get("size", 0))
            for uri in ("file:///a", "file:///b"):
                server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, [item]))
            server.protocol.notify("signoff/sessionChanged", {"session": "s", "number": number})
            report = types.WorkDoneProgressReport(message=str(number))
            server.work_done_progress.report("token", report)
        return {"sent": argument["count"]}

    @server.command("test.flood")
    def _(argument: dict[str, Any]) -> Any:
        for _ in range(argument["count"]):
            text = "x" * argument["size"]
            server.window_log_message(types.LogMessageParams(types.MessageType.Info, text))


def _waiting(server: SignoffServer) -> None:
    @server.command("test.sleep")
    async def _(argument: dict[str, Any]) -> Any:
        server.window_log_message(types.LogMessageParams(types.MessageType.Info, "sleeping"))
        try:
            await asyncio.sleep(3600)
        finally:
            server.window_log_message(types.LogMessageParams(types.MessageType.Info, "stopped"))

    @server.command("test.stubborn")
    async def _(argument: dict[str, Any]) -> Any:
        server.window_log_message(types.LogMessageParams(types.MessageType.Info, "sleeping"))
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return "done all the same"

    @server.command("test.ask")
    async def _(argument: dict[str, Any]) -> Any:
        edit = types.WorkspaceEdit(changes={})
        try:
            answer = await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit))
        except Exception as error:
            return {"error": str(error)}
        return {"applied": answer.applied}


if __name__ == "__main__":
    sys.exit(launch.main(sys.argv[1:], attach))
