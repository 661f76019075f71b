/** Commands that begin something: a task, a look at what the agent would be told, a workflow. */
import * as vscode from "vscode";
import { exists } from "../review/uris";
import { say, warn } from "../say";
import { said } from "../state/hunkText";
import type { Link } from "../server/link";
import type { ContextView } from "../generated/context";
import type { HunkResult, Range } from "../generated/commands";
import type { Threads } from "../review/threads";

/** The server's action, of whose words nothing is repeated here; it knows what is wrong at the place. */
const FIX = /Fix this$/;

/** Starts a task with the words that the user types, at the selection if `selected`, else at the cursor's document. */
export async function startTask(link: Link, selected: boolean): Promise<void> {
  if (!(await runs(link))) return;
  const place = here(selected);
  const workspace = place.uri === undefined ? await folder() : undefined;
  const goal = await goalOrDraft(selected);
  if (goal === undefined || goal === "") return;
  const at = { ...place, ...(workspace === undefined ? {} : { workspace }) };
  if (goal === DRAFT) await link.run("signoff.draftTask", at);
  // Through the command, so that its session is shown like that of any other start.
  else await vscode.commands.executeCommand("signoff.startSession", { goal, ...at });
}

/** Whether the server runs, after a wait for one that starts; else the user is told what to do. */
async function runs(link: Link): Promise<boolean> {
  const settled = (): boolean => link.state !== "starting" && link.state !== "installing";
  if (!settled()) {
    const waiting = { location: vscode.ProgressLocation.Notification, title: "Signoff: the server starts …" };
    await vscode.window.withProgress(waiting, () => once(link, settled));
  }
  if (link.state === "running") return true;
  const missing = link.state === "missing";
  const action = missing ? "Install Server" : "Restart Server";
  const words = missing ? "Signoff: there is no server to work with." : "Signoff: the server does not run.";
  const choice = await warn(words, action, "Show Output");
  if (choice === "Show Output") await vscode.commands.executeCommand("signoff.showOutput");
  else if (choice) await vscode.commands.executeCommand(missing ? "signoff.installServer" : "signoff.restartServer");
  return false;
}

async function once(link: Link, wanted: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const listening = link.onState(() => {
      if (!wanted()) return;
      listening.dispose();
      resolve();
    });
  });
}

/** Starts a task with the problem that is reported at the cursor. */
export async function fixThis(): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return;
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    editor.document.uri,
    editor.selection,
    vscode.CodeActionKind.QuickFix.value,
  );
  const command = actions.find((each) => FIX.test(each.title) && each.command?.command === "signoff.startSession")?.command;
  if (command) await vscode.commands.executeCommand(command.command, ...((command.arguments ?? []) as unknown[]));
  else say("nothing to fix is known here. Use Start Task on Selection.");
}

/** Shows the fragments that a session with a goal would be told of; choosing one opens it. */
export async function showContext(link: Link): Promise<void> {
  const goal = await vscode.window.showInputBox({ title: "Show Context", prompt: "For which goal?", ignoreFocusOut: true });
  if (goal === undefined || goal.trim() === "") return;
  const uri = here(false).uri;
  const found = (await link.run("signoff.showContext", { goal, ...(uri === undefined ? {} : { uri }) })) as ContextView | undefined;
  if (!found?.fragments) return;
  const items = found.fragments.map((each) => ({
    label: each.start_line > 0 ? `${each.path}:${each.start_line}-${each.end_line}` : each.path || each.source,
    description: `${each.tokens} tokens, ${each.source}`,
    detail: each.why,
    each,
  }));
  const title = `Context: ${found.tokens} of ${found.budget} tokens, ${found.left_out.length} left out`;
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDetail: true, placeHolder: "Open a fragment" });
  if (picked) await openFragment(picked.each.path, picked.each.start_line, picked.each.end_line);
}

export async function runWorkflow(link: Link): Promise<void> {
  const file = await vscode.window.showQuickPick([...(link.status?.workflows ?? [])], { title: "Run Workflow" });
  if (file !== undefined) await vscode.commands.executeCommand("signoff.runWorkflow", { file });
}

/** What the user wrote in a hunk's thread. Throws when it was not taken: the thread then keeps the words. */
export async function sendReply(link: Link, threads: Threads, reply: vscode.CommentReply): Promise<void> {
  const rejection = threads.replyTo(reply);
  if (!rejection) throw new Error("This hunk was decided meanwhile, or nothing was written.");
  const request = { command: "signoff.rejectHunk", arguments: [rejection] };
  const answer = await link.request<HunkResult>("workspace/executeCommand", request);
  if (answer.status !== "rejected") throw new Error(said(answer.reason ?? "The server did not take it."));
}

const DRAFT = "\0draft";

/** The goal; `DRAFT` when the user rather writes it in a document; undefined for Escape. */
async function goalOrDraft(selected: boolean): Promise<string | undefined> {
  const box = vscode.window.createInputBox();
  const write: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("go-to-file"),
    tooltip: "Write the goal in a document",
  };
  box.title = selected ? "Start Task on Selection" : "Start Task";
  box.prompt = "What should be done? Nothing changes before you approve it.";
  box.ignoreFocusOut = true;
  box.buttons = [write];
  return new Promise((resolve) => {
    box.onDidAccept(() => {
      resolve(box.value.trim());
      box.hide();
    });
    box.onDidTriggerButton(() => {
      resolve(DRAFT);
      box.hide();
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

function here(selected: boolean): { uri?: string; range?: Range } {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") return {};
  const uri = editor.document.uri.toString();
  const { start, end } = editor.selection;
  return selected ? { uri, range: { start: plain(start), end: plain(end) } } : { uri };
}

async function folder(): Promise<string | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const chosen = folders.length > 1 ? await vscode.window.showWorkspaceFolderPick() : folders[0];
  return chosen?.uri.toString();
}

function plain({ line, character }: vscode.Position): { line: number; character: number } {
  return { line, character };
}

/** The path is relative to the folder that was asked; of several folders the first that has it. */
async function openFragment(path: string, first: number, last: number): Promise<void> {
  const selection = new vscode.Range(Math.max(first - 1, 0), 0, Math.max(last - 1, 0), 0);
  for (const each of vscode.workspace.workspaceFolders ?? []) {
    const file = vscode.Uri.joinPath(each.uri, path);
    if (await exists(file)) {
      await vscode.window.showTextDocument(file, { selection });
      return;
    }
  }
}
