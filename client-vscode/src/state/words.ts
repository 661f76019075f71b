/** One line about a session, for the output channel. */
import type { SessionView } from "../generated/view";

/** The goal's first 60 characters, the phase, what waits, and the tokens so far. */
export function statusLine(view: SessionView): string {
  const waits = view.waitingFor.length === 0 ? "" : `, waits for: ${view.waitingFor.join(", ")}`;
  const tokens = view.usage.inputTokens + view.usage.outputTokens;
  const goal = view.goal.length > 60 ? `${view.goal.slice(0, 59)}…` : view.goal;
  return `${goal.replace(/\s+/g, " ")}: ${view.phase}${waits} (${tokens} tokens)`;
}
