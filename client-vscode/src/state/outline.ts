/** The tree of everything that is open: sessions, their plans, what waits, and the hunks by file. */
import type { HunkView, SessionView, StepView } from "../generated/view";
import { isBusy, type Board } from "./board";
import { select } from "./hunks";
import { changed, fileState, hunkTitle, shortGoal, stateOf, waitingCommands, waitsFor } from "./words";

/**
 * A line of the tree. `id` stays the same as long as it is about the same thing; `context` says what may be done with
 * it, in words that menus look for; of `uri`, `hunk`, `step` and `command` it has those that it is about.
 */
export interface Node {
  readonly kind: "session" | "step" | "question" | "command" | "failure" | "file" | "hunk";
  readonly id: string;
  readonly session: string;
  readonly label: string;
  readonly description: string;
  readonly details: string;
  readonly icon: string;
  readonly color?: string | undefined;
  readonly context: string;
  readonly uri?: string;
  readonly hunk?: string;
  readonly step?: string;
  readonly command?: string;
  readonly children: readonly Node[];
}

export function outline(board: Board): Node[] {
  return board.sessions.map(sessionNode);
}

const SHOWN: ReadonlySet<HunkView["status"]> = new Set(["pending", "applying", "stale", "applied"]);
const ENDED: Readonly<Record<string, readonly [string, string | undefined]>> = {
  done: ["pass", "testing.iconPassed"],
  stopped: ["debug-pause", undefined],
  failed: ["error", "testing.iconFailed"],
};

function sessionNode(view: SessionView): Node {
  const [icon, color] = sessionIcon(view);
  const files = filesOf(view);
  const flags = [
    isBusy(view) || view.waitingFor.includes("time") ? "busy" : "",
    view.phase === "stopped" || view.phase === "failed" ? "resumable" : "",
    view.waitingFor.includes("plan") ? "plan" : "",
    ...new Set(view.hunks.map(({ status }) => status).filter((status) => SHOWN.has(status))),
  ];
  return {
    kind: "session",
    id: view.session,
    session: view.session,
    label: shortGoal(view.goal),
    description: stateOf(view),
    details: [view.goal, stateOf(view), view.config.model].filter(Boolean).join("\n\n"),
    icon,
    color,
    context: ["session", ...flags.filter(Boolean)].join(" "),
    children: [
      ...(view.plan?.steps ?? []).map((step, at) => stepNode(view, step, at)),
      ...view.questions.map((question): Node => ({
        ...leaf(view, "question", question.id),
        label: question.text,
        description: "asks you",
        details: [question.text, ...question.options].join("\n\n"),
        icon: "question",
        color: "notificationsWarningIcon.foreground",
        context: "question",
      })),
      ...waitingCommands(view).map((command): Node => ({
        ...leaf(view, "command", command.id),
        label: command.argv.join(" "),
        description: command.reason,
        details: [command.argv.join(" "), `in ${command.cwd}`, command.sandbox, command.reason].join("\n\n"),
        icon: "terminal",
        color: "notificationsWarningIcon.foreground",
        context: "command pending",
        command: command.id,
      })),
      ...files,
      ...(view.phase === "failed" ? view.failures.slice(-1) : []).map((failure): Node => ({
        ...leaf(view, "failure", String(view.failures.length)),
        label: failure.message,
        description: failure.reason,
        details: failure.message,
        icon: "error",
        color: "testing.iconFailed",
        context: "failure",
      })),
    ],
  };
}

function leaf<K extends Node["kind"]>(view: SessionView, kind: K, id: string): { kind: K; id: string; session: string; children: readonly Node[] } {
  return { kind, id: `${view.session}/${kind}/${id}`, session: view.session, children: [] };
}

function sessionIcon(view: SessionView): readonly [string, string | undefined] {
  if (waitsFor(view).length > 0) return ["bell-dot", "notificationsWarningIcon.foreground"];
  if (isBusy(view)) return ["loading~spin", undefined];
  return ENDED[view.phase] ?? ["clock", undefined];
}

const STEPS: Readonly<Record<StepView["status"], string>> = {
  pending: "circle-large-outline",
  active: "loading~spin",
  done: "pass",
  skipped: "debug-step-over",
  failed: "error",
};

function stepNode(view: SessionView, step: StepView, at: number): Node {
  const open = view.waitingFor.includes("plan") && step.status === "pending";
  return {
    ...leaf(view, "step", step.id),
    label: `${at + 1}. ${step.text}`,
    description: step.status === "pending" ? "" : step.status,
    details: [step.text, step.status, ...step.files].join("\n\n"),
    icon: STEPS[step.status],
    context: open ? "step waiting" : "step",
    step: step.id,
  };
}

function filesOf(view: SessionView): Node[] {
  const hunks = select([view], ({ status }) => SHOWN.has(status)).map(({ hunk }) => hunk);
  const files = new Map<string, HunkView[]>();
  for (const hunk of hunks) {
    const known = files.get(hunk.uri);
    if (known) known.push(hunk);
    else files.set(hunk.uri, [hunk]);
  }
  return [...files].map(([uri, inside]) => {
    const statuses = [...new Set(inside.map(({ status }) => status))];
    return {
      ...leaf(view, "file", uri),
      label: pathIn(view.workspace, uri),
      description: fileState(inside),
      details: `${pathIn(view.workspace, uri)}\n\n${fileState(inside)}`,
      icon: "file",
      context: ["file", ...statuses].join(" "),
      uri,
      children: inside.map((hunk) => hunkNode(view, hunk)),
    };
  });
}

const HUNKS: Readonly<Record<string, readonly [string, string | undefined]>> = {
  pending: ["diff-modified", "signoff.pendingHunkForeground"],
  applying: ["sync~spin", "signoff.applyingHunkForeground"],
  stale: ["warning", "signoff.staleHunkForeground"],
  applied: ["check", "testing.iconPassed"],
};

function hunkNode(view: SessionView, hunk: HunkView): Node {
  const [icon, color] = HUNKS[hunk.status] ?? ["diff", undefined];
  return {
    ...leaf(view, "hunk", hunk.id),
    label: hunkTitle(hunk),
    description: [`line ${hunk.range.start.line + 1}`, changed(hunk), hunk.status === "pending" ? "" : hunk.status].filter(Boolean).join(", "),
    details: [hunk.rationale, hunk.note, ...hunk.findings].filter(Boolean).join("\n\n") || hunkTitle(hunk),
    icon,
    color,
    context: `hunk ${hunk.status}`,
    uri: hunk.uri,
    hunk: hunk.id,
  };
}

/** The file's path in the workspace, decoded; the whole URI for one outside of it. */
export function pathIn(workspace: string, uri: string): string {
  const root = workspace.endsWith("/") ? workspace : `${workspace}/`;
  const inside = uri.startsWith(root) ? uri.slice(root.length) : uri;
  try {
    return decodeURIComponent(inside);
  } catch {
    return inside;
  }
}
