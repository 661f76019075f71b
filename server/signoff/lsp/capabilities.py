"""What the server tells a client that it can do; a pure function of what the client can do.

Static on purpose: the features themselves are loaded only after the answer to `initialize` is out.
"""

from __future__ import annotations

from typing import Any, cast

from lsprotocol import types

from signoff.lsp.names import COMMANDS
from signoff.lsp.params import member

ENCODINGS = ("utf-8", "utf-16", "utf-32")
PROTOCOL = 1
"""The version of our own messages (`signoff/...`), which a client names as well."""


def choose_encoding(client: types.ClientCapabilities) -> types.PositionEncodingKind:
    """The first encoding on the client's list that we know; utf-16 when it names none."""
    named = (client.general and client.general.position_encodings) or ()
    known = (each for each in named if each in ENCODINGS)
    return types.PositionEncodingKind(next(known, "utf-16"))


def server_capabilities(client: types.ClientCapabilities) -> types.ServerCapabilities:
    """Code lenses and inlay hints are offered only to clients that declare them: others show or log errors."""
    document = client.text_document or types.TextDocumentClientCapabilities()
    workspace = client.workspace or types.WorkspaceClientCapabilities()
    return types.ServerCapabilities(
        position_encoding=choose_encoding(client),
        text_document_sync=types.TextDocumentSyncOptions(
            open_close=True,
            change=types.TextDocumentSyncKind.Incremental,
            save=types.SaveOptions(include_text=False),
        ),
        code_action_provider=types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
        hover_provider=True,
        # lsp-mode declares lenses only as something that can be refreshed.
        code_lens_provider=types.CodeLensOptions() if document.code_lens or workspace.code_lens else None,
        inlay_hint_provider=types.InlayHintOptions() if document.inlay_hint else None,
        execute_command_provider=types.ExecuteCommandOptions(commands=cast("list[str]", COMMANDS)),
        workspace=types.WorkspaceOptions(
            workspace_folders=types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True),
            file_operations=_file_operations(client),
        ),
        experimental={"signoff": {"version": PROTOCOL}} if declares_us(client) else None,
    )


def declares_us(client: types.ClientCapabilities) -> bool:
    """Whether the client knows our own messages, in whatever version."""
    experimental: Any = client.experimental
    return member(member(experimental, "signoff"), "version") is not None


def _file_operations(client: types.ClientCapabilities) -> types.FileOperationOptions | None:
    """The file operations that the client can tell of, on files and folders alike."""
    workspace = client.workspace or types.WorkspaceClientCapabilities()
    declared = workspace.file_operations
    if declared is None:
        return None
    everywhere = types.FileOperationFilter(pattern=types.FileOperationPattern(glob="**/*"), scheme="file")
    wanted = types.FileOperationRegistrationOptions(filters=[everywhere])
    return types.FileOperationOptions(
        did_create=wanted if declared.did_create else None,
        did_rename=wanted if declared.did_rename else None,
        did_delete=wanted if declared.did_delete else None,
    )
