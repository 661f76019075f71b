/** Notifications, for what blocks and can't be seen otherwise: each once, and none for progress. */
import * as vscode from "vscode";
import type { SessionView } from "../generated/view";
import { inform, warn } from "../say";
import type { Link } from "../server/link";
import type { Board } from "../state/board";
import { shortGoal } from "../state/words";

/** Failures that a key mends. */
const KEY = /key|auth|endpoint/i;

export function notices(board: Board, link: Link, seen: (session: string) => boolean): vscode.Disposable {
  const told = new Set<string>();
  /** Whether this is the first time that the thing is there. What was there at the start of the window is no news. */
  const first = (name: string): boolean => {
    const before = told.size;
    return told.add(name).size > before;
  };
  let fresh = false;
  const look = (view: SessionView): void => {
    for (const question of view.questions) {
      if (first(`question ${question.id}`) && fresh) void ask(link, view, question);
    }
    if (view.waitingFor.includes("plan") && view.plan) {
      if (first(`plan ${view.plan.id}`) && fresh && !seen(view.session)) void plan(view);
    }
    if (view.phase === "failed" && first(`failure ${view.session} ${view.failures.length}`) && fresh) void failed(view);
  };
  return vscode.Disposable.from(
    board.onChange(({ session, kind }) => {
      const view = board.view(session);
      if (view && kind === "view") look(view);
    }),
    link.onState((state) => {
      if (state === "running") fresh = true;
    }),
  );
}

async function ask(link: Link, view: SessionView, question: SessionView["questions"][number]): Promise<void> {
  const options = question.options.slice(0, 3);
  const words = `Signoff asks: ${question.text}`;
  const choice = await inform(words, ...options, "Show Session");
  if (choice === "Show Session") await show(view);
  // Closing the window is no answer: the question stays in the tree and on the session's page.
  else if (choice !== undefined) {
    await link.run("signoff.reply", { session: view.session, question: question.id, text: choice });
  }
}

async function plan(view: SessionView): Promise<void> {
  const words = `Signoff: a plan waits for you: ${shortGoal(view.goal)}`;
  if ((await inform(words, "Show Session")) !== undefined) await show(view);
}

async function failed(view: SessionView): Promise<void> {
  const last = view.failures.at(-1);
  const words = `Signoff: ${shortGoal(view.goal)}: ${last?.message ?? "the session failed"}`;
  const mends = KEY.test(last?.reason ?? "") ? ["Set API Key"] : [];
  const choice = await warn(words, ...mends, "Resume", "Show Session");
  if (choice === "Set API Key") await vscode.commands.executeCommand("signoff.setApiKey");
  else if (choice === "Resume") await vscode.commands.executeCommand("signoff.resume", { session: view.session });
  else if (choice === "Show Session") await show(view);
}

async function show(view: SessionView): Promise<void> {
  await vscode.commands.executeCommand("signoff.showPage", { kind: "session", session: view.session });
}
