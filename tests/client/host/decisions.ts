/** What the user decides about hunks, by the lenses and commands of VS Code, and what becomes of files meanwhile. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import * as vscode from "vscode";
import { become, begun, hunks } from "./sessions";
import { activated, command, diagnostics, file, onDisk, open, test, until } from "./support";

async function lenses(uri: vscode.Uri): Promise<vscode.CodeLens[]> {
  return command<vscode.CodeLens[]>("vscode.executeCodeLensProvider", uri, 100);
}

async function press(lens: vscode.CodeLens | undefined): Promise<void> {
  ok(lens?.command, "no lens");
  await command(lens.command.command, ...((lens.command.arguments ?? []) as unknown[]));
}

test("each hunk that waits has lenses; the first one's approves it in the editor, not on the disk", async () => {
  await activated();
  const editor = await open("one.py");
  const before = editor.document.getText();
  const session = await begun("Rename in one", 2);
  const found = await until(
    () => lenses(editor.document.uri),
    (all) => all.length === 6,
    "not six lenses",
  );
  deepStrictEqual(
    found.map((each) => each.command?.title),
    ["Approve", "Reject", "Diff", "Approve", "Reject", "Diff"],
  );
  await press(found[0]);
  await become(session, "applied", "pending");
  ok(editor.document.getText().includes("def plus"));
  strictEqual(onDisk("one.py"), before);
  await press((await until(() => lenses(editor.document.uri), (all) => all.length === 3, "lenses"))[1]);
});

test("a file is approved as one step of the editor's undo, after which all of it waits again", async () => {
  const editor = await open("two.py");
  const before = editor.document.getText();
  const session = await begun("Rename in two", 2);
  // The client is told of hunks a moment after they are there; as long as it knows of none, it says so.
  await until(
    async () => {
      await command("signoff.approveFile");
      return hunks(session);
    },
    (all) => all.every(({ status }) => status === "applying" || status === "applied"),
    "the file is not approved",
  );
  await become(session, "applied", "applied");
  ok(/def plus[^]*def minus/.test(editor.document.getText()));
  await command("undo");
  strictEqual(editor.document.getText(), before);
  await become(session, "pending", "pending");
  await command("redo");
  await become(session, "applied", "applied");
});

test("text typed inside a hunk that waits becomes part of it", async () => {
  const editor = await open("three.py");
  const session = await begun("Rename in three", 2);
  await editor.edit((edit) => {
    edit.insert(new vscode.Position(0, "def add(a, b):".length), "  # typed");
  });
  await until(
    () => hunks(session),
    (all) => all[0]?.after === "def plus(a, b):  # typed\n" && all[0].status === "pending",
    "not amended",
  );
  await command("signoff.approveAll", { session, hunks: (await hunks(session)).map(({ id, rev }) => ({ hunk: id, rev })) });
  await until(() => editor.document.getText(), (text) => text.includes("def plus(a, b):  # typed\n"), "not in the text");
});

test("Next Hunk and Previous Hunk move the cursor", async () => {
  const editor = await open("four.py");
  await begun("Rename in four", 2);
  await until(() => diagnostics(editor.document.uri), (found) => found.length === 2, "diagnostics");
  const line = (): number | undefined => vscode.window.activeTextEditor?.selection.active.line;
  editor.selection = new vscode.Selection(0, 0, 0, 0);
  await command("signoff.nextHunk");
  await until(line, (at) => at === 3, "not at the second hunk");
  await command("signoff.previousHunk");
  await until(line, (at) => at === 0, "not at the first hunk");
});

test("hunks of a file that is renamed follow it", async () => {
  await open("five.py");
  const session = await begun("Rename in five", 2);
  const edit = new vscode.WorkspaceEdit();
  edit.renameFile(file("five.py"), file("fifth.py"));
  ok(await vscode.workspace.applyEdit(edit));
  await until(
    () => hunks(session),
    (all) => all.every((each) => each.uri.endsWith("/fifth.py") || each.status === "stale"),
    "the hunks stand in the old file",
  );
});

test("hunks of a file that is deleted are stale, and say why", async () => {
  const session = await begun("Rename in six", 2);
  rmSync(file("six.py").fsPath);
  await until(
    () => hunks(session),
    (all) => all.every(({ status, note }) => status === "stale" && note !== ""),
    "still waiting",
  );
});

test("hunks of a file that others replaced with another text are stale", async () => {
  const session = await begun("Rename in seven", 2);
  writeFileSync(`${file("seven.py").fsPath}.new`, "print('something else')\n");
  renameSync(`${file("seven.py").fsPath}.new`, file("seven.py").fsPath);
  await become(session, "stale", "stale");
  strictEqual(onDisk("seven.py"), "print('something else')\n");
});

test("Hide Hunks takes the marks away, and Show Hunks brings them back", async () => {
  const editor = await open("four.py");
  await command("signoff.hideHunks", {});
  await until(() => diagnostics(editor.document.uri), (found) => found.length === 0, "still there");
  await command("signoff.showHunks", {});
  await until(() => diagnostics(editor.document.uri), (found) => found.length === 2, "not back");
});
