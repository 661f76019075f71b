/** The names of proposed documents: a file's own path under a scheme of ours, and whose proposal it is in the query. */
import * as vscode from "vscode";

export const PROPOSED = "signoff-proposed";

/** What a proposed document shows: a session's hunks of one file, or one of them. `empty`: the side of no file yet. */
export interface Target {
  readonly session: string;
  readonly uri: string;
  readonly hunk?: string;
  readonly empty?: boolean;
}

export function proposedUri({ session, uri, hunk, empty }: Target): vscode.Uri {
  const query = new URLSearchParams({ session });
  if (hunk !== undefined) query.set("hunk", hunk);
  if (empty === true) query.set("empty", "1");
  return vscode.Uri.parse(uri).with({ scheme: PROPOSED, query: query.toString() });
}

/** What a document of our scheme shows; undefined for any other thing. */
export function targetOf(uri: unknown): Target | undefined {
  if (!(uri instanceof vscode.Uri) || uri.scheme !== PROPOSED) return undefined;
  const query = new URLSearchParams(uri.query);
  const [session, hunk] = [query.get("session"), query.get("hunk")];
  if (session === null) return undefined;
  const file = uri.with({ scheme: "file", query: "" }).toString();
  return { session, uri: file, ...(hunk === null ? {} : { hunk }), ...(query.has("empty") ? { empty: true } : {}) };
}

export async function exists(file: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
}
