/** One line about a session, for the output channel. */
import type { SessionView } from "../generated/view";

/** The goal's first 60 characters, the phase, what waits, and the tokens so far. */
export function statusLine(view: SessionView): string {
  const waits = view.waitingFor.length === 0 ? "" : `, waits for: ${view.waitingFor.join(", ")}`;
  const tokens = view.usage.inputTokens + view.usage.outputTokens;
  return `${shortGoal(view.goal)}: ${view.phase}${waits} (${tokens} tokens)`;
}

/** The goal on one line, of at most 60 characters. */
export function shortGoal(goal: string): string {
  const line = goal.replace(/\s+/g, " ").trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
