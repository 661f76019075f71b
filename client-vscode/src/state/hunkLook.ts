/** Which mark a hunk gets, and the icons: told apart by form as well as by colour. */
import type { HunkView } from "../generated/view";
import { lastLine } from "./hunks";

export type Theme = "light" | "dark";

export interface Look {
  readonly id: string;
  readonly status: "pending" | "applying" | "stale";
  /** It puts lines and takes none. */
  readonly insertion: boolean;
  /** The gutter's picture, as a data URI. */
  readonly icon: Readonly<Record<Theme, string>>;
}

const COLOURS: Readonly<Record<Look["status"], Readonly<Record<Theme, string>>>> = {
  pending: { dark: "#4daafc", light: "#005fb8" },
  applying: { dark: "#89d185", light: "#388a34" },
  stale: { dark: "#cca700", light: "#8a6100" },
};
const MINUS = "M4 8h8";
const PLUS = `${MINUS}M8 4v8`;
const CHANGE = "M4 6h8M8 2.500v7M4 13h8";
const ARROW = "M8 3v8M4.500 8L8 11.500L11.500 8";
const WARNING = "M8 3v6M8 11.500v1.500";

/** All that a hunk can look like: the first that fits is taken. */
export const LOOKS: readonly Look[] = [
  look("applying", "applying", ARROW),
  look("stale", "stale", WARNING),
  look("added", "pending", PLUS, true),
  look("removed", "pending", MINUS),
  look("changed", "pending", CHANGE),
];

/** The mark's id, and the lines that it is on. */
export function lookOf(hunk: HunkView): { readonly id: string; readonly first: number; readonly last: number } {
  const { status, before, after, range } = hunk;
  const where = { first: range.start.line, last: lastLine(range) };
  if (status === "applying" || status === "stale") return { id: status, ...where };
  return { id: before === "" ? "added" : after === "" ? "removed" : "changed", ...where };
}

function look(id: string, status: Look["status"], path: string, insertion = false): Look {
  const { light, dark } = COLOURS[status];
  return { id, status, insertion, icon: { light: drawn(path, light), dark: drawn(path, dark) } };
}

function drawn(path: string, colour: string): string {
  const stroke = `fill="none" stroke="${colour}" stroke-width="2"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="${path}" ${stroke}/></svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}
