/** The text of a hunk as a file of an editor: its name, its bytes, and whether it may still be saved. */
import type { HunkView } from "../generated/view";
import { nameOf } from "./hunkText";

/** Without it an editor reads the bytes in whatever encoding the user has set for files. */
const BOM = "\uFEFF";

/** Path and query of its URI; by the file's own name in the path the editor knows the language. */
export function amendName({ id, rev, to, uri }: HunkView): { readonly path: string; readonly query: string } {
  return { path: `/Amend Hunk/${nameOf(to ?? uri)}`, query: `hunk=${encodeURIComponent(id)}&rev=${rev}` };
}

/** The hunk, and the rev that was opened, by the URI's query. */
export function amendTarget(query: string): { readonly hunk: string; readonly rev: number } | undefined {
  const [, hunk, rev] = /^hunk=([^&]+)&rev=(\d+)$/.exec(query) ?? [];
  return hunk === undefined ? undefined : { hunk: decodeURIComponent(hunk), rev: Number(rev) };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(BOM + text);
}

export function textOf(bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return text.startsWith(BOM) ? text.slice(1) : text;
}

/** The text with the line ends of the hunk's file, as far as the hunk shows them. */
export function withEnds(text: string, { before, after }: HunkView): string {
  const lines = text.replaceAll("\r\n", "\n");
  return (before + after).includes("\r\n") ? lines.replaceAll("\n", "\r\n") : lines;
}

/** Why the text of `rev` can't be the hunk's any more; undefined when it can. */
export function whyNot(hunk: HunkView | undefined, rev: number | undefined): string | undefined {
  if (hunk === undefined) return "Signoff does not show this hunk now. Your text is still here: try again when the server runs.";
  if (hunk.status === "applying") return "The hunk is being applied. Your text is still here: copy it into the file.";
  if (hunk.status === "stale") return "The hunk no longer fits its file. Your text is still here: copy it, then reject the hunk.";
  if (hunk.status !== "pending") return `The hunk is ${hunk.status} already. Your text is still here: copy what you need of it.`;
  if (hunk.rev === rev) return undefined;
  return "The hunk changed since you opened it. Your text is still here: copy it, close this editor, and run Amend Hunk again.";
}
