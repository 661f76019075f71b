/** How everything stands in one line, for the status bar: what the user should see first. */
import type { ServerState, ServerStatus } from "../server/link";
import type { SessionView } from "../generated/view";
import { isBusy } from "./board";
import { several, shortGoal, stateOf, waitCount } from "./words";

export interface Standing {
  /** With codicons. */
  readonly text: string;
  /** A sentence for each session, or what to do. */
  readonly details: readonly string[];
  readonly level: "plain" | "warning" | "error";
}

/** `status`: undefined before it is known. `restricted`: the window is not trusted. */
export function standing(
  server: ServerState,
  sessions: readonly SessionView[],
  status: ServerStatus | undefined,
  restricted: boolean,
): Standing {
  const trouble = SERVER[server];
  if (trouble) return trouble;
  const waiting = sessions.reduce((sum, view) => sum + waitCount(view), 0);
  const busy = sessions.filter(isBusy).length;
  const details = sessions.map((view) => `${shortGoal(view.goal)}: ${stateOf(view)}`);
  if (waiting > 0) return { text: `$(bell-dot) Signoff: ${waiting} waiting`, details, level: "warning" };
  if (busy > 0) return { text: `$(loading~spin) Signoff: ${several(busy, "session")} at work`, details, level: "plain" };
  if (typeof status?.unready === "string") {
    const lacks = status.endpoint?.configured === false ? "endpoint" : "model";
    return { text: `$(key) Signoff: no ${lacks}`, details: [status.unready, ...details], level: "warning" };
  }
  const limits = restricted ? ["The workspace is not trusted: no program runs, and its instructions are not read."] : [];
  return { text: "$(check) Signoff", details: [...limits, ...(details.length > 0 ? details : ["No sessions."])], level: "plain" };
}

const SERVER: Partial<Record<ServerState, Standing>> = {
  starting: { text: "$(loading~spin) Signoff: starting", details: ["The server starts."], level: "plain" },
  installing: { text: "$(loading~spin) Signoff: installing", details: ["The server is being installed."], level: "plain" },
  stopped: { text: "$(circle-slash) Signoff: stopped", details: ["The server is stopped. Restart it."], level: "plain" },
  missing: { text: "$(error) Signoff: no server", details: ["Install the server, or set signoff.path."], level: "error" },
  crashed: { text: "$(error) Signoff: server ended", details: ["Show the output, then restart the server."], level: "error" },
};
