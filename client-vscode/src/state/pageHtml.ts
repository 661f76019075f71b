/** The page of a session, section by section, as HTML. Whatever the agent or the workspace wrote is escaped. */
import MarkdownIt from "markdown-it";
import type { HunkView, SessionView } from "../generated/view";
import { isBusy } from "./board";
import { waits } from "./hunks";
import { visible } from "./hunkText";
import { pathIn } from "./outline";
import { changed, hunkTitle, several, stateOf, waitingCommands } from "./words";

export const SECTIONS = ["goal", "state", "plan", "talk", "live", "asked", "hunks", "told", "cost"] as const;
export type Sections = Readonly<Record<(typeof SECTIONS)[number], string>>;

/** No raw HTML, no images: what a model writes fetches nothing and looks like nothing of ours. */
const markdown = new MarkdownIt({ html: false, linkify: false }).disable("image");
markdown.validateLink = (url) => /^https:\/\//i.test(url);

export function pageSections(view: SessionView, streamed: string): Sections {
  return {
    goal: `<h1>${escape(view.goal)}</h1>`,
    state: stateHtml(view),
    plan: planHtml(view),
    talk: talkHtml(view),
    live: liveHtml(streamed),
    asked: askedHtml(view),
    hunks: hunksHtml(view),
    told: toldHtml(view),
    cost: costHtml(view),
  };
}

/** The reply that is on its way. */
export function liveHtml(streamed: string): string {
  return streamed === "" ? "" : `<div class="assistant">${rendered(streamed)}</div>`;
}

/** Text in an element. */
export function escape(text: string): string {
  return quoted(visible(text));
}

/** A value in an attribute: the very same comes back from the page. */
function quoted(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function rendered(text: string): string {
  return markdown.render(visible(text));
}

/** `data` names what the button is about; the page's owner checks all of it. */
function button(run: string, label: string, data: Readonly<Record<string, string>> = {}): string {
  const attributes = Object.entries({ run, ...data }).map(([name, value]) => ` data-${name}="${quoted(value)}"`);
  return `<button type="button"${attributes.join("")}>${escape(label)}</button>`;
}

function stateHtml(view: SessionView): string {
  const actions = [
    isBusy(view) ? button("interrupt", "Stop") : "",
    view.phase === "stopped" || view.phase === "failed" ? button("resume", "Resume") : "",
    isBusy(view) ? "" : button("archive", "Archive"),
  ];
  const last = view.phase === "failed" ? view.failures.at(-1) : undefined;
  const why = last ? `<p class="failure">${escape(last.message)} ${escape(last.strategy)}</p>` : "";
  return `<p role="status">${escape(stateOf(view))}</p>${why}<p>${actions.join(" ")}</p>`;
}

function planHtml(view: SessionView): string {
  if (view.plan === null) return "";
  const open = view.waitingFor.includes("plan");
  const steps = view.plan.steps.map((step) => {
    const decisions = [button("approveStep", "Approve", { step: step.id }), button("skipStep", "Skip", { step: step.id })];
    const decide = open && step.status === "pending" ? ` <span class="decide">${decisions.join(" ")}</span>` : "";
    const files = step.files.length > 0 ? ` <code>${escape(step.files.join(", "))}</code>` : "";
    return `<li>${escape(step.text)}${files} <span class="status">${step.status}</span>${decide}</li>`;
  });
  const actions = [button("approvePlan", "Approve Plan"), button("editPlan", "Edit"), button("rejectPlan", "Reject…")];
  return `<h2>Plan</h2><ol>${steps.join("")}</ol>${open ? `<p>${actions.join(" ")}</p>` : ""}`;
}

function talkHtml(view: SessionView): string {
  const said = view.messages.map(
    ({ role, text }) =>
      `<div class="${role}"><span class="who">${role === "user" ? "You" : "Signoff"}</span>${rendered(text)}</div>`,
  );
  return said.length === 0 ? "" : `<h2>Conversation</h2>${said.join("")}`;
}

function askedHtml(view: SessionView): string {
  const questions = view.questions.map(({ id, text, options }) => {
    const answers = options.map((option) => button("answer", option, { question: id, option }));
    return `<div class="asked"><h2>Question</h2>${rendered(text)}<p>${answers.join(" ")}</p></div>`;
  });
  const commands = waitingCommands(view).map(({ id, argv, cwd, sandbox, reason }) => {
    const decide = [
      button("approveCommand", "Run Once", { command: id }),
      button("rejectCommand", "Reject", { command: id }),
    ];
    return (
      `<div class="asked"><h2>Command</h2><pre>${argv.map(escape).join("\n")}</pre>` +
      `<p>in <code>${escape(cwd)}</code>, ${escape(sandbox)}. ${escape(reason)}</p><p>${decide.join(" ")}</p></div>`
    );
  });
  return [...questions, ...commands].join("");
}

function hunksHtml(view: SessionView): string {
  const uris = [...new Set(view.hunks.filter((hunk) => waits(hunk) || hunk.status === "applied").map(({ uri }) => uri))];
  if (uris.length === 0) return "";
  const all = view.hunks.some(({ status }) => status === "pending")
    ? `<p>${button("approveAll", "Approve All")} ${button("rejectAll", "Reject All")} ${button("showDiff", "Show Diff")}</p>`
    : "";
  return `<h2>Changes</h2>${all}${uris.map((uri) => fileHtml(view, uri)).join("")}`;
}

function fileHtml(view: SessionView, uri: string): string {
  const inside = view.hunks.filter((hunk) => hunk.uri === uri && (waits(hunk) || hunk.status === "applied"));
  const open = inside.some(({ status }) => status === "pending");
  const actions = open ? `${button("approveFile", "Approve File", { uri })} ${button("showDiff", "Diff", { uri })}` : "";
  const unsaved = view.unsaved.includes(uri) ? " (not saved yet)" : "";
  const rows = inside.map((hunk) => `<li>${hunkHtml(hunk)}</li>`).join("");
  return `<h3>${escape(pathIn(view.workspace, uri))}${unsaved} ${actions}</h3><ul>${rows}</ul>`;
}

function hunkHtml(hunk: HunkView): string {
  const place = button("openHunk", `Line ${hunk.range.start.line + 1}`, { hunk: hunk.id });
  const decide =
    hunk.status === "pending"
      ? `${button("approveHunk", "Approve", { hunk: hunk.id })} ${button("rejectHunk", "Reject…", { hunk: hunk.id })}`
      : "";
  const again = hunk.status === "stale" ? button("reproposeHunk", "Propose Again", { hunk: hunk.id }) : "";
  const undo = hunk.status === "applied" ? button("undoHunk", "Undo", { hunk: hunk.id }) : "";
  return `${place} ${escape(hunkTitle(hunk))} <span class="status">${changed(hunk)} ${hunk.status}</span> ${decide}${again}${undo}`;
}

function toldHtml(view: SessionView): string {
  const fragments = view.context.flatMap(({ fragments }) => fragments);
  if (fragments.length === 0) return "";
  const rows = fragments.map(
    ({ path, startLine, endLine, source, why, tokens }) =>
      `<li><code>${escape(startLine > 0 ? `${path}:${startLine}-${endLine}` : path || source)}</code> ` +
      `${escape(why)} <span class="status">${tokens} tokens</span></li>`,
  );
  return `<details><summary>What the agent was told: ${several(fragments.length, "fragment")}</summary><ul>${rows.join("")}</ul></details>`;
}

function costHtml(view: SessionView): string {
  const { inputTokens, cachedTokens, outputTokens, requests, cost } = view.usage;
  const money = cost === null ? "" : `, $${cost.toFixed(4)}`;
  return `<p class="status">${inputTokens} tokens in (${cachedTokens} cached), ${outputTokens} out, ${several(requests, "request")}${money}. ${escape(view.config.model)}</p>`;
}
