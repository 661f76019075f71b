// Written by `npm run generate` from schemas/; edits are lost.

/**
 * The argument of each command. A refusal is answered with Refusal, whatever the command.
 */
export interface CommandArguments {
  "signoff.amendHunk": HunkText;
  "signoff.approveAll": HunksOf;
  "signoff.approveFile": FileOf;
  "signoff.approveHunk": HunkArgument;
  "signoff.approvePlan": PlanArgument;
  "signoff.approveStep": StepOf;
  "signoff.archive": SessionOf;
  "signoff.doctor": Nothing;
  "signoff.draftTask": DraftTask;
  "signoff.editPlan": PlanSteps;
  "signoff.hideHunks": Nothing;
  "signoff.interrupt": SessionOf;
  "signoff.listSessions": ListSessions;
  "signoff.nextHunk": HunkFrom;
  "signoff.openSession": SessionOf;
  "signoff.previousHunk": HunkFrom;
  "signoff.rejectAll": HunksOf;
  "signoff.rejectFile": FileOf;
  "signoff.rejectHunk": HunkFeedback;
  "signoff.rejectPlan": PlanFeedback;
  "signoff.reply": ReplyTo;
  "signoff.reproposeHunk": HunkArgument;
  "signoff.resume": SessionOf;
  "signoff.showContext": ShowContext;
  "signoff.showDiff": DiffOf;
  "signoff.showHunks": Nothing;
  "signoff.showSession": SessionOf;
  "signoff.skipStep": StepOf;
  "signoff.startSession": StartSession;
  "signoff.status": Nothing;
  "signoff.trustWorkspace": TrustWorkspace;
  "signoff.undoAll": HunksOf;
  "signoff.undoHunk": HunkArgument;
}
/**
 * `signoff.amendHunk`: what the hunk is to put into the file.
 */
export interface HunkText {
  after: string;
  hunk: string;
  rev: number;
}
/**
 * `signoff.approveAll`, `rejectAll`, `undoAll`, of one document if `uri` is given; `hunks` as in `approveFile`.
 */
export interface HunksOf {
  hunks?: HunkArgument[] | null;
  session: string;
  uri?: string | null;
}
/**
 * `signoff.approveHunk`, `undoHunk`, `reproposeHunk`: the hunk as it was shown.
 */
export interface HunkArgument {
  hunk: string;
  rev: number;
}
/**
 * `signoff.approveFile`, `rejectFile`; `hunks`, if given, are those that were shown: no other is touched.
 */
export interface FileOf {
  hunks?: HunkArgument[] | null;
  session: string;
  uri: string;
}
/**
 * `signoff.approvePlan`; `steps`, if given, is the plan as edited.
 */
export interface PlanArgument {
  plan: string;
  session: string;
  steps?: StepArgument[] | null;
}
/**
 * A step of an edited plan.
 */
export interface StepArgument {
  after?: string[];
  files?: string[];
  id?: string | null;
  status?: "pending" | "active" | "done" | "skipped" | "failed";
  text: string;
}
/**
 * `signoff.approveStep`, `signoff.skipStep`.
 */
export interface StepOf {
  session: string;
  step: string;
}
/**
 * `signoff.interrupt`, `resume`, `archive`, `showSession`, `openSession`.
 */
export interface SessionOf {
  session: string;
}
/**
 * The empty object: `signoff.status`, `signoff.doctor`, `signoff.hideHunks`, `signoff.showHunks`.
 */
export interface Nothing {}
/**
 * `signoff.draftTask`: a place where the task starts, and words to begin its goal with.
 */
export interface DraftTask {
  range?: Range | null;
  text?: string | null;
  uri?: string | null;
  workspace?: string | null;
}
/**
 * From `start` up to, not including, `end`.
 */
export interface Range {
  end: Position;
  start: Position;
}
/**
 * 0-based line, and characters in the negotiated encoding.
 */
export interface Position {
  character: number;
  line: number;
}
/**
 * `signoff.editPlan`.
 */
export interface PlanSteps {
  plan: string;
  session: string;
  steps: StepArgument[];
}
/**
 * `signoff.listSessions`.
 */
export interface ListSessions {
  state?:
    ("planning" | "waiting" | "working" | "checking" | "done" | "stopped" | "failed" | "archived") | null;
  workspace?: string | null;
}
/**
 * `signoff.nextHunk`, `previousHunk`: from a place in a document, or from the hunk that was shown last.
 */
export interface HunkFrom {
  position?: Position | null;
  session?: string | null;
  uri?: string | null;
}
/**
 * `signoff.rejectHunk`.
 */
export interface HunkFeedback {
  feedback?: string;
  hunk: string;
  rev: number;
}
/**
 * `signoff.rejectPlan`.
 */
export interface PlanFeedback {
  feedback: string;
  plan: string;
  session: string;
}
/**
 * `signoff.reply`; `question`, if given, is the open question that is answered.
 */
export interface ReplyTo {
  question?: string | null;
  session: string;
  text: string;
}
/**
 * `signoff.showContext`: what a session with this goal, begun at the document `uri`, would be told first.
 *
 * `budget` is in tokens; the setting `contextTokens` when it is not given.
 */
export interface ShowContext {
  budget?: number | null;
  goal: string;
  uri?: string | null;
}
/**
 * `signoff.showDiff`, of one document if `uri` is given.
 */
export interface DiffOf {
  session: string;
  uri?: string | null;
}
/**
 * `signoff.startSession`. `diagnostics` are LSP diagnostics of `uri`; `context` is text to add as it is.
 *
 * `show`: the session document is opened at once.
 */
export interface StartSession {
  approvalPolicy?: ("untrusted" | "on-failure" | "on-request" | "never") | null;
  context?: string | null;
  diagnostics?: {
    [k: string]: unknown;
  }[];
  goal: string;
  model?: string | null;
  planFirst?: boolean | null;
  range?: Range | null;
  risk?: ("low" | "medium" | "high") | null;
  sandboxMode?: ("read-only" | "workspace-write" | "danger-full-access") | null;
  show?: boolean;
  taskType?: ("quick_fix" | "complex_analysis" | "code_generation" | "research" | "bulk_operation") | null;
  uri?: string | null;
  workspace?: string | null;
}
/**
 * `signoff.trustWorkspace`: the user's own action.
 */
export interface TrustWorkspace {
  trusted: boolean;
  workspace: string;
}
/**
 * The immediate result of a hunk command; the outcome of an approval shows in the view.
 */
export interface HunkResult {
  reason: string | null;
  status: "applying" | "rejected" | "amended" | "refused" | "stale";
}
/**
 * The result of a command that was understood but is not possible.
 */
export interface Refusal {
  reason: string;
  status: "refused";
}
/**
 * The result of `signoff.startSession`.
 */
export interface Started {
  session: string;
}
