/** What the tests inside of the extension host share: how they are named and run, and how they wait. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";

/** What Python made for this run. */
interface Rig {
  readonly workspace: string;
  readonly results: string;
  readonly pids: string;
  readonly log: string;
}

interface Result {
  readonly name: string;
  readonly ok: boolean;
  readonly error: string;
  readonly milliseconds: number;
}

/** How long a test waits for something, and how often it looks, in milliseconds. */
const PATIENCE = 20_000;
const PAUSE = 30;

export const rig = JSON.parse(readFileSync(process.env["SIGNOFF_RIG"] ?? "", "utf8")) as Rig;

const tests: { readonly name: string; readonly body: () => Promise<void> }[] = [];

/** Adds a test; each runs after the ones before, in the same window. */
export function test(name: string, body: () => Promise<void>): void {
  tests.push({ name, body });
}

/** What VS Code calls: runs all tests and writes what became of each. */
export async function run(): Promise<void> {
  const results: Result[] = [];
  for (const { name, body } of tests) {
    const began = Date.now();
    let error = "";
    try {
      await body();
    } catch (reason) {
      error = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    }
    results.push({ name, ok: error === "", error, milliseconds: Date.now() - began });
    writeFileSync(rig.results, JSON.stringify(results));
  }
}

/** What `ask` answers once `wanted` holds for it; fails with the last answer when it never does. */
export async function until<T>(
  ask: () => T | Thenable<T>,
  wanted: (answer: T) => unknown,
  what = "still",
  patience = PATIENCE,
): Promise<T> {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`${what}: ${show(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** A file of the workspace. */
export function file(path: string): vscode.Uri {
  return vscode.Uri.file(join(rig.workspace, path));
}

/** Shows a file of the workspace. */
export async function open(path: string): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file(path)));
}

/** The file's text on disk. */
export function onDisk(path: string): string {
  return readFileSync(join(rig.workspace, path), "utf8");
}

/** Runs a command; its result, whatever it is. */
export async function command<T>(name: string, ...args: unknown[]): Promise<T> {
  return vscode.commands.executeCommand<T>(name, ...args);
}

/** Our diagnostics of a document, in order, as `line: message`. */
export function diagnostics(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter((each) => each.source === "signoff")
    .sort((one, other) => one.range.start.compareTo(other.range.start));
}

/** The titles of our code actions on a line. */
export async function actions(uri: vscode.Uri, line: number): Promise<vscode.CodeAction[]> {
  const place = new vscode.Range(line, 0, line, 0);
  const found = await command<vscode.CodeAction[]>("vscode.executeCodeActionProvider", uri, place);
  return found.filter((each) => each.title.startsWith("Signoff: "));
}

/** Runs the code action with this title (without "Signoff: ") as soon as it is offered on the line. */
export async function pick(uri: vscode.Uri, line: number, title: string): Promise<void> {
  const offered = await until(
    () => actions(uri, line),
    (found) => found.some((each) => each.title === `Signoff: ${title}`),
    title,
  );
  const chosen = offered.find((each) => each.title === `Signoff: ${title}`)?.command;
  if (chosen === undefined) throw new Error(`${title} has no command`);
  await command(chosen.command, ...((chosen.arguments ?? []) as unknown[]));
}

/** The extension, once it is active and its server runs: activation doesn't wait for that. */
export async function activated(): Promise<vscode.Extension<unknown>> {
  const found = vscode.extensions.getExtension("signoff.signoff");
  if (found === undefined) throw new Error("the extension is not there");
  await found.activate();
  await until(
    () => vscode.commands.getCommands(true),
    (known) => known.includes("signoff.status"),
    "no server",
  );
  return found;
}

function show(answer: unknown): string {
  return (typeof answer === "string" ? answer : JSON.stringify(answer, undefined, 1)).slice(0, 4_000);
}
