/** Tells the server what plain LSP has no words for: what other tools report, and which documents the user looks at. */
import * as vscode from "vscode";
import type { Link } from "./server/link";

/** Diagnostics come in bursts, from every tool for itself; how long to gather them, in milliseconds. */
const GATHERED = 300;
/** How long a document is looked at before that counts, in milliseconds: switching through tabs does not. */
const LOOKED_AT = 1_000;
/** Of a document with more, the first: the server takes no more. */
const MOST = 200;
const OURS = "signoff";

/** Turns a diagnostic into the protocol's form. */
type Plain = (diagnostic: vscode.Diagnostic) => Record<string, unknown>;

export function forwarding(link: Link, plain: Plain): vscode.Disposable {
  return vscode.Disposable.from(diagnostics(link, plain), viewed(link));
}

function diagnostics(link: Link, plain: Plain): vscode.Disposable {
  const changed = new Map<string, vscode.Uri>();
  const told = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    timer = undefined;
    for (const [name, uri] of changed) {
      const found = vscode.languages.getDiagnostics(uri).filter((each) => each.source !== OURS);
      if (found.length === 0 && !told.has(name)) continue;
      if (found.length === 0) told.delete(name);
      else told.add(name);
      link.notify("signoff/diagnostics", { uri: name, diagnostics: found.slice(0, MOST).map(plain) });
    }
    changed.clear();
  };
  const gather = (uris: readonly vscode.Uri[]): void => {
    for (const uri of uris) if (uri.scheme === "file") changed.set(uri.toString(), uri);
    if (link.state === "running") timer ??= setTimeout(send, GATHERED);
  };
  return vscode.Disposable.from(
    vscode.languages.onDidChangeDiagnostics((change) => {
      gather(change.uris);
    }),
    link.onState((state) => {
      if (state !== "running") return;
      // A server that was started again knows nothing of what was told to the last one.
      told.clear();
      gather(vscode.languages.getDiagnostics().map(([uri]) => uri));
    }),
    new vscode.Disposable(() => {
      clearTimeout(timer);
    }),
  );
}

function viewed(link: Link): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const look = (editor: vscode.TextEditor | undefined): void => {
    clearTimeout(timer);
    const uri = editor?.document.uri;
    if (uri?.scheme !== "file") return;
    timer = setTimeout(() => {
      link.notify("signoff/viewed", { places: [{ uri: uri.toString() }] });
    }, LOOKED_AT);
  };
  return vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor(look),
    link.onState((state) => {
      if (state === "running") look(vscode.window.activeTextEditor);
    }),
    new vscode.Disposable(() => {
      clearTimeout(timer);
    }),
  );
}
