/** The page of a session: goal, plan, conversation as it streams in, what waits, and a box to reply. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Subject } from "../commands/subject";
import type { SessionView } from "../generated/view";
import { complain, say } from "../say";
import type { Link } from "../server/link";
import type { Board } from "../state/board";
import { escape, liveHtml, pageSections, SECTIONS, type Sections } from "../state/pageHtml";
import { shortGoal } from "../state/words";

const TYPE = "signoff.session";
/** Changes of so many milliseconds are shown together. */
const FRAME = 50;
/** What a button of the page may run, beside `answer`, `reply` and `ready`. */
const RUNS = new Set(
  `approvePlan editPlan rejectPlan approveStep skipStep approveHunk rejectHunk reproposeHunk undoHunk openHunk showDiff
   approveFile approveAll rejectAll approveCommand rejectCommand interrupt resume archive`.split(/\s+/),
);

/** What a button says of itself. */
type Message = Readonly<Record<string, string | undefined>>;

interface Page {
  readonly panel: vscode.WebviewPanel;
  sent: Partial<Sections>;
  timer?: NodeJS.Timeout | undefined;
}

export class Pages implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #pages = new Map<string, Page>();
  readonly #board: Board;
  readonly #link: Link;
  readonly #media: vscode.Uri;
  readonly #parts: vscode.Disposable;

  constructor(board: Board, link: Link, media: vscode.Uri) {
    [this.#board, this.#link, this.#media] = [board, link, media];
    this.#parts = vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(TYPE, this),
      board.onChange(({ session }) => {
        const page = this.#pages.get(session);
        if (page) this.#soon(session, page);
      }),
    );
  }

  dispose(): void {
    this.#parts.dispose();
    for (const { panel } of [...this.#pages.values()]) panel.dispose();
  }

  /** Whether the user sees the session's page now. */
  seen(session: string): boolean {
    return this.#pages.get(session)?.panel.visible === true;
  }

  /** Brings the session's page before the user, beside what is being edited; the keyboard stays where it is. */
  show(session: string): Promise<void> {
    const known = this.#pages.get(session);
    if (known) known.panel.reveal(undefined, true);
    else {
      const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      this.#fill(session, vscode.window.createWebviewPanel(TYPE, "Session", column, {}));
    }
    return Promise.resolve();
  }

  /** A window that was reloaded brings its pages back. */
  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const session = (state as { session?: unknown } | undefined)?.session;
    if (typeof session === "string") this.#fill(session, panel);
    else panel.dispose();
    return Promise.resolve();
  }

  #fill(session: string, panel: vscode.WebviewPanel): void {
    const page: Page = { panel, sent: {} };
    this.#pages.set(session, page);
    const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(this.#media, `signoff-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    panel.webview.options = { enableScripts: true, localResourceRoots: [this.#media] };
    panel.webview.onDidReceiveMessage((message: unknown) => void this.#heard(session, page, strings(message)));
    panel.onDidDispose(() => {
      clearTimeout(page.timer);
      if (this.#pages.get(session) === page) this.#pages.delete(session);
    });
    panel.webview.html = this.#shell(session, panel.webview);
  }

  #soon(session: string, page: Page): void {
    page.timer ??= setTimeout(() => {
      page.timer = undefined;
      this.#send(session, page);
    }, FRAME);
  }

  #send(session: string, page: Page): void {
    const view = this.#board.view(session);
    const streamed = this.#board.streamed(session);
    page.panel.title = view ? shortGoal(view.goal) : "Session";
    const now = view ? pageSections(view, streamed) : { ...EMPTY, state: `<p role="status">${escape(this.#absent())}</p>`, live: liveHtml(streamed) };
    const changed = Object.fromEntries(Object.entries(now).filter(([name, html]) => page.sent[name as keyof Sections] !== html));
    page.sent = now;
    if (Object.keys(changed).length > 0) void page.panel.webview.postMessage({ sections: changed });
  }

  #absent(): string {
    return this.#link.state === "running" ? "This session is archived." : "The server does not run yet.";
  }

  async #heard(session: string, page: Page, message: Message): Promise<void> {
    if (message.run === "ready") {
      page.sent = {};
      this.#send(session, page);
      return;
    }
    const view = this.#board.view(session);
    if (view === undefined) {
      say(this.#absent());
      return;
    }
    if (message.run === "reply" && message.text !== undefined) {
      const answer = await this.#link.run("signoff.reply", { session, text: message.text });
      const refused = answer === undefined || (answer as { status?: unknown }).status === "refused";
      if (!refused) void page.panel.webview.postMessage({ sent: true });
    } else if (message.run === "answer") {
      const question = view.questions.find(({ id }) => id === message.question);
      const text = question?.options.find((option) => option === message.option);
      if (question && text !== undefined) await this.#link.run("signoff.reply", { session, question: question.id, text });
    } else if (message.run !== undefined && RUNS.has(message.run)) {
      const subject = subjectOf(view, message);
      if (subject) await vscode.commands.executeCommand(`signoff.${message.run}`, subject).then(undefined, stopped);
    }
  }

  #shell(session: string, webview: vscode.Webview): string {
    const nonce = randomBytes(16).toString("base64");
    const file = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.#media, name)).toString();
    const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
    const sections = SECTIONS.map((name) => `<section id="${name}"${name === "live" ? ' aria-live="polite"' : ""}></section>`);
    return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="stylesheet" href="${file("page.css")}"><title>Session</title></head>
<body data-session="${escape(session)}"><main>${sections.join("")}</main>
<form aria-label="Reply"><label for="reply">Reply</label>
<textarea id="reply" placeholder="What should be different? Ctrl+Enter sends."></textarea>
<button type="submit">Send</button></form>
<script nonce="${nonce}" src="${file("page.js")}"></script></body></html>`;
  }
}

const EMPTY = Object.fromEntries(SECTIONS.map((name) => [name, ""])) as Sections;

/** What a button is about, if the session has it. */
function subjectOf(view: SessionView, { hunk, step, uri, command }: Message): Subject | undefined {
  const { session } = view;
  const subject = { kind: "part", session, hunk, step, uri, command };
  const known =
    (hunk === undefined || view.hunks.some(({ id }) => id === hunk)) &&
    (step === undefined || view.plan?.steps.some(({ id }) => id === step) === true) &&
    (uri === undefined || view.hunks.some((each) => each.uri === uri)) &&
    (command === undefined || view.commands.some(({ id }) => id === command));
  return known ? subject : undefined;
}

/** A message of the page, of which only texts count. */
function strings(message: unknown): Message {
  const entries: [string, unknown][] = Object.entries(message ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function stopped(): void {
  void complain("Signoff: the server does not run. Use Restart Server.");
}
