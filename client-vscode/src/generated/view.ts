// Written by `npm run generate` from schemas/; edits are lost.

/**
 * All that a client shows of a session.
 */
export interface SessionView {
  children: string[];
  commands: CommandView[];
  config: ConfigView;
  context: ToldView[];
  elsewhere: boolean;
  failures: FailureView[];
  goal: string;
  hunks: HunkView[];
  messages: MessageView[];
  parent: string | null;
  phase: "planning" | "waiting" | "working" | "checking" | "done" | "stopped" | "failed" | "archived";
  plan: PlanView | null;
  questions: QuestionView[];
  seq: number;
  session: string;
  summary: string;
  unsaved: string[];
  usage: UsageView;
  waitingFor: ("plan" | "hunk" | "command" | "question" | "time")[];
  workspace: string;
}
/**
 * A command that the agent wants to run. None exists before the sandbox does.
 */
export interface CommandView {
  argv: string[];
  cwd: string;
  exitCode: number | null;
  id: string;
  reason: string;
  sandbox: string;
  status: string;
  token: string;
}
/**
 * What the session runs under, and why.
 */
export interface ConfigView {
  approvalPolicy: "untrusted" | "on-failure" | "on-request" | "never";
  model: string;
  reasons: {
    [k: string]: string;
  };
  sandboxMode: "read-only" | "workspace-write" | "danger-full-access";
  taskType: ("quick_fix" | "complex_analysis" | "code_generation" | "research" | "bulk_operation") | null;
}
/**
 * What the model was told of the workspace before a turn (from 0), and the names of what had no room.
 */
export interface ToldView {
  fragments: FragmentView[];
  leftOut: string[];
  tokens: number;
  turn: number;
}
/**
 * A piece of the workspace that the model was told of; lines count from 1, 0 where it is no part of a file.
 */
export interface FragmentView {
  endLine: number;
  path: string;
  source: string;
  startLine: number;
  tokens: number;
  why: string;
}
/**
 * A failed request and what was done about it.
 */
export interface FailureView {
  attempt: number;
  message: string;
  reason: string;
  strategy: string;
  until: string | null;
}
/**
 * One hunk; `range` is in the document as it is now. `kind` and `to` tell of whole files.
 */
export interface HunkView {
  after: string;
  before: string;
  findings: string[];
  id: string;
  kind: string;
  note: string;
  range: Range;
  rationale: string;
  rev: number;
  status: "pending" | "applying" | "applied" | "rejected" | "stale" | "withdrawn" | "undone";
  to: string | null;
  uri: string;
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
 * One message of the conversation; `at` is ISO 8601 in UTC.
 */
export interface MessageView {
  at: string;
  role: "user" | "assistant";
  text: string;
}
/**
 * The plan.
 */
export interface PlanView {
  id: string;
  steps: StepView[];
}
/**
 * One step of the plan.
 */
export interface StepView {
  after: string[];
  files: string[];
  id: string;
  status: "pending" | "active" | "done" | "skipped" | "failed";
  text: string;
}
/**
 * A question of the model that waits for an answer.
 */
export interface QuestionView {
  id: string;
  options: string[];
  text: string;
}
/**
 * Tokens and US dollars so far; `cost` is null when the price of the model is not known.
 */
export interface UsageView {
  cachedTokens: number;
  cost: number | null;
  inputTokens: number;
  outputTokens: number;
  requests: number;
}
