/** The sessions in words: one line, a count, a sentence. */
import type { HunkView, SessionView } from "../generated/view";
import { isBusy } from "./board";
import { counts, waits } from "./hunks";

/** The goal on one line, of at most 60 characters. */
export function shortGoal(goal: string): string {
  const line = goal.replace(/\s+/g, " ").trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** What the session is at, in a few words: "waits for you: plan, 3 hunks". */
export function stateOf(view: SessionView): string {
  if (view.elsewhere) return "open in another window";
  const asked = waitsFor(view);
  const doing = isBusy(view) ? view.phase : "";
  if (asked.length > 0) return [doing, `waits for you: ${asked.join(", ")}`].filter(Boolean).join(", ");
  if (view.waitingFor.includes("time")) return "tries again soon";
  return doing || view.phase;
}

/** The things that wait for the user's word, counted. */
export function waitsFor(view: SessionView): string[] {
  const hunks = view.hunks.filter((hunk) => hunk.status === "pending" || hunk.status === "stale").length;
  const commands = waitingCommands(view).length;
  return [
    ...(view.waitingFor.includes("plan") ? ["plan"] : []),
    ...(hunks > 0 ? [several(hunks, "hunk")] : []),
    ...(commands > 0 ? [several(commands, "command")] : []),
    ...(view.questions.length > 0 ? [several(view.questions.length, "question")] : []),
  ];
}

/** How many things wait for the user's word. */
export function waitCount(view: SessionView): number {
  const plan = view.waitingFor.includes("plan") ? 1 : 0;
  const hunks = view.hunks.filter((hunk) => hunk.status === "pending" || hunk.status === "stale").length;
  return plan + hunks + waitingCommands(view).length + view.questions.length;
}

/** The commands about which the user has not decided. */
export function waitingCommands(view: SessionView): SessionView["commands"] {
  return view.waitingFor.includes("command") ? view.commands.filter((each) => each.exitCode === null) : [];
}

/** "+4 -1" */
export function changed(hunk: HunkView): string {
  const { added, removed } = counts(hunk);
  return `+${added} -${removed}`;
}

/** What a hunk does, in a few words: its rationale, else its first changed line. */
export function hunkTitle(hunk: HunkView): string {
  const first = (hunk.after || hunk.before).trim().split("\n")[0] ?? "";
  const whole = { create: "new file", delete: "delete this file", rename: "rename this file" }[hunk.kind];
  return hunk.rationale.split("\n")[0] || whole || first || "empty lines";
}

/** How the hunks of a file stand: "2 of 5 hunks wait". */
export function fileState(hunks: readonly HunkView[]): string {
  const waiting = hunks.filter(waits).length;
  return waiting === 0 ? several(hunks.length, "hunk") : `${waiting} of ${several(hunks.length, "hunk")} ${waiting === 1 ? "waits" : "wait"}`;
}

/** "1 hunk", "3 hunks" */
export function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** "signoff.approveHunk" as a title: "Approve Hunk". */
export function titleOf(command: string): string {
  const words = command.replace("signoff.", "").replace(/[A-Z]/g, " $&");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
