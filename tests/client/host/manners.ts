/** What a user may take for granted: keys of their own, commands that ask before they guess, words for what is wrong. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import * as vscode from "vscode";
import { activated, command, file, open, rig, test, until } from "./support";

interface View {
  readonly phase: string;
  readonly hunks: readonly { readonly id: string; readonly status: string; readonly range: vscode.Range }[];
}
interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly keybindings: readonly { readonly command: string; readonly key: string }[];
  };
}

let session = "";

async function view(): Promise<View> {
  return command<View>("signoff.showSession", { session });
}

async function statuses(): Promise<string[]> {
  return (await view()).hunks.map(({ status }) => status);
}

function at(editor: vscode.TextEditor, line: number): void {
  editor.selection = new vscode.Selection(line, 0, line, 0);
}

test("no key of ours is bound by VS Code", async () => {
  const { packageJSON } = await activated();
  const ours = new Set((packageJSON as Manifest).contributes.keybindings.map(({ key }) => key));
  const uri = vscode.Uri.parse("vscode://defaultsettings/keybindings.json");
  const text = (await vscode.workspace.openTextDocument(uri)).getText();
  const bound = Array.from(text.matchAll(/"key":\s*"([^"]+)",\s*"command":\s*"([^"]+)"/g), ([, key, name]) => ({ key, name }));
  ok(bound.length > 500, `only ${bound.length} keys are bound`);
  deepStrictEqual(
    bound.filter(({ key, name }) => ours.has(key ?? "") && name?.startsWith("signoff.") !== true),
    [],
  );
});

test("every command of the manifest is there while the server runs", async () => {
  const { packageJSON } = await activated();
  const known = new Set(await vscode.commands.getCommands(true));
  // The server does not offer these yet: their menus ask for what only it can bring.
  const later = new Set(["signoff.approveCommand", "signoff.rejectCommand", "signoff.runWorkflow"]);
  const declared = (packageJSON as Manifest).contributes.commands.map((each) => each.command);
  deepStrictEqual(
    declared.filter((name) => !known.has(name) && !later.has(name)),
    [],
  );
});

test("Approve Hunk takes the hunk at the cursor, and asks which one anywhere else", async () => {
  const editor = await open("a.py");
  ({ session } = await command<{ session: string }>("signoff.startSession", { goal: "Rename", uri: file("a.py").toString() }));
  await until(statuses, (all) => all.length === 2 && all.every((each) => each === "pending"), "no two hunks");
  await vscode.window.showTextDocument(editor.document);
  const shown = await until(
    () => vscode.window.activeTextEditor,
    (each) => each?.document === editor.document,
    "not in front",
  );
  if (shown === undefined) throw new Error("no editor");
  at(shown, 2);
  let asking = true;
  // The client is told of hunks a moment after they are there; as long as it knows of none, it says so and is done.
  await until(
    async () => {
      asking = true;
      void command("signoff.approveHunk").then(() => (asking = false));
      await new Promise((resolve) => setTimeout(resolve, 500));
      return asking;
    },
    Boolean,
    "it does not ask",
  );
  await until(
    async () => {
      await command("workbench.action.closeQuickOpen");
      return asking;
    },
    (still) => !still,
    "no list of hunks to leave",
  );
  deepStrictEqual(await statuses(), ["pending", "pending"]);
  at(shown, 0);
  await command("signoff.approveHunk");
  await until(statuses, (all) => all.includes("applied"), "not applied");
  ok(shown.document.getText().startsWith("def plus("), shown.document.getText());
  deepStrictEqual((await statuses()).sort(), ["applied", "pending"]);
});

test("a hunk is found at its place after text was typed above it", async () => {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) throw new Error("no editor");
  await editor.edit((edits) => {
    edits.insert(new vscode.Position(1, 0), "    # typed\n    # typed\n");
  });
  const moved = await until(
    async () => (await view()).hunks.find(({ status }) => status === "pending")?.range.start.line,
    (line) => line === 5,
    "the view's line",
  );
  at(editor, moved ?? 0);
  await command("signoff.approveHunk");
  await until(statuses, (all) => all.every((each) => each === "applied"), "not applied");
  ok(editor.document.getText().includes("def minus("), editor.document.getText());
});

test("what other tools report is in the context", async () => {
  const others = vscode.languages.createDiagnosticCollection("other");
  others.set(file("a.py"), [new vscode.Diagnostic(new vscode.Range(0, 0, 0, 3), "zebra crossing is unused")]);
  await until(
    () => command<{ fragments: { source: string; text: string }[] }>("signoff.showContext", { goal: "Mend a.py" }),
    ({ fragments }) => fragments.some(({ source, text }) => source === "diagnostics" && text.includes("zebra crossing")),
    "no diagnostic",
  );
  others.clear();
  await until(
    () => command<{ fragments: { source: string; text: string }[] }>("signoff.showContext", { goal: "Mend a.py" }),
    ({ fragments }) => !fragments.some(({ text }) => text.includes("zebra crossing")),
    "the diagnostic is still there",
  );
});

test("debug information has what a report needs, and nothing of the user's files", async () => {
  await command("signoff.copyDebugInformation");
  const text = await vscode.env.clipboard.readText();
  const facts = JSON.parse(text) as Record<string, unknown>;
  deepStrictEqual(
    ["client", "editor", "platform", "server", "status", "doctor", "sessions"].filter((key) => !(key in facts)),
    [],
  );
  for (const secret of ["Rename", "zebra", "a.py"]) ok(!text.includes(secret), secret);
});

test("a restarted server has the same sessions", async () => {
  const before = await view();
  await command("signoff.restartServer");
  await activated();
  const after = await until(view, (found) => found.hunks.length === before.hunks.length);
  strictEqual(after.phase, before.phase);
  ok(rig.workspace.length > 0);
});
