/** Connects VS Code to the Signoff language server. Policy and agent logic live in the server. */
import * as vscode from "vscode";
import { ApiKey } from "./apiKey";
import { fixThis, runWorkflow, sendReply, showContext, startTask } from "./commands/own";
import { Router } from "./commands/route";
import type { Subject } from "./commands/subject";
import { contextKeys } from "./contextKeys";
import { copyDebugInformation } from "./debug";
import { forwarding } from "./forwarding";
import { AmendEditors } from "./review/amend";
import { Diffs } from "./review/diff";
import { hunkMarks } from "./review/marks";
import { LivePlaces } from "./review/places";
import { Threads } from "./review/threads";
import { onScreen, openSubject } from "./screen";
import { Connection } from "./server/connection";
import { Keeper } from "./server/keeper";
import { Board } from "./state/board";
import { grantTrust, trusted, trusting } from "./trust";
import { notices } from "./views/notices";
import { Pages } from "./views/page";
import { showMenu, statusItem } from "./views/statusItem";
import { tree } from "./views/tree";

let stop: () => Promise<void> = () => Promise.resolve();

export function activate(context: vscode.ExtensionContext): void {
  const output = vscode.window.createOutputChannel("Signoff", { log: true });
  const board = new Board();
  const link = new Connection({ output, board, trusted, route: (...called) => router.run(...called) });
  const places = new LivePlaces(board);
  const threads = new Threads(board);
  const diffs = new Diffs(board, places, link);
  const amend = new AmendEditors(board, link, context.workspaceState);
  const pages = new Pages(board, link, vscode.Uri.joinPath(context.extensionUri, "media"));
  const screen = onScreen({
    places,
    threads,
    diffs,
    amend,
    showPage: (session) => pages.show(session),
    hide: (hidden) => {
      threads.hide(hidden);
      places.hide(hidden);
    },
    showContext: () => showContext(link),
    runWorkflow: () => runWorkflow(link),
  });
  const router = new Router(board, screen);
  const key = new ApiKey(context.secrets, link);
  const keeper = new Keeper(context, link, output);
  const { supervisor } = keeper;
  stop = () => supervisor.stop();
  context.subscriptions.push(
    ...[output, places, threads, diffs, amend, hunkMarks(places)],
    ...[pages, tree(board, link), statusItem(board, link), notices(board, link, (session) => pages.seen(session))],
    ...[key.follow(), contextKeys(board, link), trusting(link), forwarding(link, (each) => link.plain(each))],
    ...commands({
      startTask: () => startTask(link, false),
      startTaskOnSelection: () => startTask(link, true),
      fixThis,
      openHunk: (subject: Subject) => openSubject(board, screen, subject),
      showPage: (subject?: Subject) => router.showPage(subject),
      showMenu: () => showMenu(board, link),
      sendReply: (reply: vscode.CommentReply) => sendReply(link, threads, reply),
      setApiKey: () => key.ask(),
      trust: () => grantTrust(link),
      installServer: () => keeper.install(),
      restartServer: () => supervisor.restart(),
      showOutput: () => {
        output.show();
      },
      copyDebugInformation: () => copyDebugInformation(board, link, versionOf(context), supervisor.program),
    }),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("signoff.path")) await supervisor.restart();
      else if (change.affectsConfiguration("signoff.trace")) await link.trace();
      else if (change.affectsConfiguration("signoff")) link.configure();
    }),
  );
  // Not waited for: the editor counts an extension as active when this returns.
  void supervisor.start();
}

export async function deactivate(): Promise<void> {
  await stop();
}

function commands(table: Record<string, (argument: never) => unknown>): vscode.Disposable[] {
  return Object.entries(table).map(([name, run]) => vscode.commands.registerCommand(`signoff.${name}`, run));
}

function versionOf(context: vscode.ExtensionContext): string {
  return (context.extension.packageJSON as { version: string }).version;
}
