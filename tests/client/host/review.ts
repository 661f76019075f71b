/** Hunks in VS Code's diff editor and in the editor that amends one: what they show, follow, and leave behind. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import * as vscode from "vscode";
import { activated, command, file, onDisk, open, test, until } from "./support";

interface Hunk {
  readonly id: string;
  readonly rev: number;
  readonly uri: string;
  readonly after: string;
  readonly status: string;
}

let session = "";

async function hunks(): Promise<Hunk[]> {
  return (await command<{ hunks: Hunk[] }>("signoff.showSession", { session })).hunks;
}

/** The hunk that puts these words. */
async function putting(words: string): Promise<Hunk> {
  const found = (await hunks()).find(({ after, status }) => status === "pending" && after.includes(words));
  if (found === undefined) throw new Error(`no hunk that waits puts ${words}`);
  return found;
}

async function becomes(hunk: Hunk, status: string): Promise<void> {
  await until(hunks, (all) => all.find(({ id }) => id === hunk.id)?.status === status, `${hunk.after} not ${status}`);
}

function tabs(): string[] {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs).map(({ label }) => label);
}

/** The proposed text of a file, once the diff shows it. */
async function proposedOf(name: string, one = false): Promise<vscode.TextDocument> {
  const found = (): vscode.TextDocument | undefined =>
    vscode.workspace.textDocuments.find(
      ({ uri }) =>
        uri.scheme === "signoff-proposed" &&
        uri.path.endsWith(`/${name}`) &&
        !uri.query.includes("empty") &&
        uri.query.includes("hunk=") === one,
    );
  const document = await until(found, (each) => each !== undefined, `no proposed text of ${name}`);
  if (document === undefined) throw new Error(name);
  return document;
}

/** An editor on the text of the hunk. */
async function amending({ id }: Hunk): Promise<vscode.TextEditor> {
  await command("signoff.amendHunk", { kind: "hunk", session, hunk: id });
  const opened = await until(
    () => vscode.window.activeTextEditor,
    (each) => each?.document.uri.scheme === "signoff-amend",
    "no editor for the hunk's text",
  );
  if (opened === undefined) throw new Error(id);
  return opened;
}

async function putFirst(editor: vscode.TextEditor, words: string): Promise<void> {
  await editor.edit((edit) => {
    edit.insert(new vscode.Position(0, 0), words);
  });
}

async function setting(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration("files").update(name, value, vscode.ConfigurationTarget.Global);
}

test("the diff of a file shows its hunks in their places", async () => {
  await activated();
  await open("a.py");
  const begun = { goal: "Change many files", planFirst: false, uri: file("a.py").toString() };
  ({ session } = await command<{ session: string }>("signoff.startSession", begun));
  await until(hunks, (all) => all.filter(({ status }) => status === "pending").length === 6, "not all hunks are there");
  // The client is told of hunks a moment after they are there.
  const shown = async (): Promise<string[]> => {
    await command("signoff.showDiff", { session, uri: file("a.py").toString() });
    return tabs();
  };
  await until(shown, (labels) => labels.includes("a.py (current ↔ proposed)"), "no diff");
  const document = await proposedOf("a.py");
  await until(() => document.getText(), (text) => text.includes("def plus"), "nothing is proposed");
  strictEqual(document.getText(), "import os\n\ndef plus(a, b):\n    return a + b\n\n# put in\ndef sub(a, b):\n    return a - b\nx = 1\n");
  strictEqual(document.languageId, "python");
});

test("a hunk is approved at the cursor in the proposed text", async () => {
  const hunk = await putting("# put in");
  const editor = await until(
    () => vscode.window.activeTextEditor,
    (each) => each?.document.uri.scheme === "signoff-proposed",
    "the diff has no focus",
  );
  const line = editor?.document.getText().split("\n").indexOf("# put in") ?? -1;
  ok(editor && line > 0);
  editor.selection = new vscode.Selection(line, 0, line, 0);
  await command("signoff.approveHunk");
  await becomes(hunk, "applied");
});

test("the diff keeps up with typing and shows no hunk in a wrong place", async () => {
  const document = await proposedOf("a.py");
  const editor = await vscode.window.showTextDocument(file("a.py"), { viewColumn: vscode.ViewColumn.Beside });
  const wrong: string[] = [];
  const listening = vscode.workspace.onDidChangeTextDocument((change) => {
    if (change.document !== document) return;
    const text = document.getText();
    if (!/\ndef plus\(a, b\):\n {4}return a \+ b\n\n# put in\ndef sub.*\n {4}return a - b\nx = 1/.test(text)) wrong.push(text);
  });
  for (let line = 0; line < 5; line += 1) await putFirst(editor, `# typed ${line}\n`);
  await until(() => document.getText(), (text) => text.startsWith("# typed 4\n# typed 3\n"), "typing does not show");
  listening.dispose();
  deepStrictEqual(wrong, []);
  ok(document.getText().includes("\n# put in\ndef sub"));
});

test("saving the text of a hunk amends it and closes the editor", async () => {
  const hunk = await putting("def plus");
  const editor = await amending(hunk);
  strictEqual(editor.document.getText(), hunk.after);
  strictEqual(editor.document.languageId, "python");
  await putFirst(editor, "# é😀\n");
  await command("workbench.action.files.save");
  await until(hunks, (all) => all.find(({ id }) => id === hunk.id)?.after === `# é😀\n${hunk.after}`, "not amended");
  await until(
    () => vscode.window.visibleTextEditors,
    (editors) => !editors.some(({ document }) => document.uri.scheme === "signoff-amend"),
    "the editor is still open",
  );
});

test("text of a hunk that changed meanwhile is not sent and stays", async () => {
  const hunk = await putting("def plus");
  const editor = await amending(hunk);
  await putFirst(editor, "# late\n");
  await command("signoff.amendHunk", { hunk: hunk.id, rev: hunk.rev, after: "def total(a, b):\n" });
  await putting("def total");
  await command("workbench.action.files.save");
  ok(editor.document.isDirty);
  ok(editor.document.getText().startsWith("# late\n"));
  strictEqual((await putting("def total")).after, "def total(a, b):\n");
  await command("workbench.action.revertAndCloseActiveEditor");
});

test("text that VS Code saves by itself is sent only when the user saves", async () => {
  await setting("autoSaveDelay", 50);
  await setting("autoSave", "afterDelay");
  try {
    const editor = await amending(await putting("def total"));
    await putFirst(editor, "# by itself\n");
    await until(() => editor.document.isDirty, (dirty) => !dirty, "VS Code does not save by itself");
    strictEqual((await putting("def total")).after, "def total(a, b):\n");
    await command("workbench.action.files.save");
    await putting("# by itself");
  } finally {
    await setting("autoSave", "off");
  }
});

test("the diff of a new file closes when the file is approved", async () => {
  const hunk = await putting("NEW");
  await command("signoff.showDiff", { session, uri: hunk.uri });
  const document = await proposedOf("new.py");
  await until(() => document.getText(), (text) => text === "NEW = 1\n", "nothing is proposed");
  await command("signoff.approveFile", document.uri);
  await becomes(hunk, "applied");
  await until(tabs, (labels) => !labels.some((label) => label.startsWith("new.py (current")), "the diff is still open");
  strictEqual(onDisk("new.py"), "NEW = 1\n");
});

test("the diff of one hunk keeps the file's line ends and closes when the hunk is rejected", async () => {
  const hunk = await putting("TWO");
  await command("signoff.showDiff", { kind: "hunk", session, uri: hunk.uri, hunk: hunk.id });
  const document = await proposedOf("b.py", true);
  await until(() => document.getText(), (text) => text.includes("TWO"), "nothing is proposed");
  strictEqual(document.getText(), "one\r\nTWO\r\nthree\r\n");
  await command("signoff.rejectHunk", { hunk: hunk.id, rev: hunk.rev, feedback: "" });
  await until(tabs, (labels) => !labels.some((label) => label.startsWith("b.py (current")), "the diff is still open");
  strictEqual(onDisk("b.py"), "one\r\ntwo\r\nthree\r\n");
});

test("the diff of a session closes when nothing waits any more", async () => {
  await command("signoff.showDiff", { session });
  await until(tabs, (labels) => labels.some((label) => label.startsWith("Change many files (current")), "no diff");
  await command("signoff.approveAll", { session });
  await until(tabs, (labels) => !labels.some((label) => label.includes("(current")), "a diff is still open");
  ok((await vscode.workspace.openTextDocument(file("a.py"))).getText().includes("# by itself\ndef total(a, b):\n"));
});
