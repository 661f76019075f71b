/** What commands may ask of the parts of the client that show something. */
import * as vscode from "vscode";
import type { Screen } from "./commands/route";
import type { Cursor, Subject } from "./commands/subject";
import type { AmendEditors } from "./review/amend";
import type { Diffs } from "./review/diff";
import type { LivePlaces } from "./review/places";
import type { Threads } from "./review/threads";
import { targetOf } from "./review/uris";
import type { Board } from "./state/board";
import { findHunk } from "./state/hunks";

export interface Shows {
  readonly places: LivePlaces;
  readonly threads: Threads;
  readonly diffs: Diffs;
  readonly amend: AmendEditors;
  readonly showPage: (session: string) => Promise<void>;
  readonly hide: (hidden: boolean) => void;
  readonly showContext: () => Promise<void>;
  readonly runWorkflow: () => Promise<void>;
}

export function onScreen({ places, threads, diffs, amend, ...rest }: Shows): Screen {
  return {
    cursor: () => cursor(diffs),
    live: ({ session, hunk }) => ({ session, hunk: places.hunkNow(hunk) }),
    subject: (argument) => subject(threads, argument),
    showDiff: (session, uri, hunk) => diffs.showDiff(session, uri, hunk),
    amend: (placed) => amend.open(placed),
    ...rest,
  };
}

function cursor(diffs: Diffs): Cursor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return undefined;
  return diffs.cursorIn(editor) ?? { uri: editor.document.uri.toString(), line: editor.selection.active.line };
}

/** Brings what a line of the tree or a button of a page stands for before the user. */
export async function openSubject(board: Board, screen: Screen, { session, hunk }: Subject): Promise<void> {
  const found = hunk === undefined ? undefined : findHunk(board, hunk);
  if (found === undefined) {
    await screen.showPage(session);
    return;
  }
  const { uri, range, kind } = found.hunk;
  if (kind !== "update") {
    await screen.showDiff(session, uri, found.hunk.id);
    return;
  }
  const place = new vscode.Range(range.start.line, range.start.character, range.start.line, range.start.character);
  await vscode.window.showTextDocument(vscode.Uri.parse(uri), { selection: place, preserveFocus: false });
}

/** A thread's hunk, or the file or the hunk of a proposed document. */
function subject(threads: Threads, argument: unknown): Subject | undefined {
  const thread = threads.hunkOfThread(argument);
  if (thread) return { kind: "hunk", session: thread.session, hunk: thread.hunk };
  const target = targetOf(argument);
  return target && { kind: target.hunk === undefined ? "file" : "hunk", ...target };
}
