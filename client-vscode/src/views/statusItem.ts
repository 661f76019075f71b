/** The item in the status bar, and the menu of what can be done now. */
import * as vscode from "vscode";
import type { Link } from "../server/link";
import { isBusy, type Board } from "../state/board";
import { waiting } from "../state/hunks";
import { standing } from "../state/standing";
import { several } from "../state/words";
import { restricted } from "../trust";

const BACKGROUND = {
  plain: undefined,
  warning: new vscode.ThemeColor("statusBarItem.warningBackground"),
  error: new vscode.ThemeColor("statusBarItem.errorBackground"),
};

export function statusItem(board: Board, link: Link): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("signoff.status", vscode.StatusBarAlignment.Left, 10);
  item.name = "Signoff";
  item.command = "signoff.showMenu";
  const update = (): void => {
    const now = standing(link.state, board.sessions, link.status, restricted(link));
    item.text = now.text;
    item.tooltip = now.details.join("\n");
    item.backgroundColor = BACKGROUND[now.level];
    item.accessibilityInformation = { label: `${now.text.replace(/\$\([^)]*\)\s*/g, "")}. ${now.details.join(" ")}` };
  };
  update();
  item.show();
  return vscode.Disposable.from(
    item,
    link.onState(update),
    link.onStatus(update),
    vscode.workspace.onDidGrantWorkspaceTrust(update),
    board.onChange(({ kind }) => {
      if (kind !== "text") update();
    }),
  );
}

interface Choice extends vscode.QuickPickItem {
  readonly command: string;
}

/** Signoff: What Can I Do Now? */
export async function showMenu(board: Board, link: Link): Promise<void> {
  const picked = await vscode.window.showQuickPick(choices(board, link), { title: "Signoff", placeHolder: "What now?" });
  if (picked) await vscode.commands.executeCommand(picked.command);
}

function choices(board: Board, link: Link): Choice[] {
  const runs = link.state === "running";
  const hunks = waiting(board).length;
  const { sessions } = board;
  const plans = sessions.filter((view) => view.waitingFor.includes("plan")).length;
  const endpoint = link.status?.endpoint?.configured;
  const found: (Choice | false)[] = [
    link.state === "missing" && choice("cloud-download", "Install Server...", "installServer"),
    runs && endpoint === false && choice("key", "Set API Key...", "setApiKey", "no model can be asked before"),
    runs && plans > 0 && choice("check", "Approve Plan", "approvePlan", several(plans, "plan")),
    runs && plans > 0 && choice("edit", "Edit Plan", "editPlan"),
    runs && hunks > 0 && choice("arrow-down", "Next Hunk", "nextHunk", `${several(hunks, "hunk")} waiting`),
    runs && hunks > 0 && choice("diff", "Show Diff", "showDiff"),
    runs && sessions.some(isBusy) && choice("debug-stop", "Stop", "interrupt"),
    runs &&
      sessions.some((view) => view.phase === "stopped" || view.phase === "failed") &&
      choice("debug-continue", "Resume", "resume"),
    runs && sessions.length > 0 && choice("comment-discussion", "Show Session", "showPage"),
    runs && choice("add", "Start Task...", "startTask"),
    restricted(link) && choice("workspace-trusted", "Trust This Workspace", "trust"),
    choice("debug-restart", "Restart Server", "restartServer"),
    choice("output", "Show Output", "showOutput"),
  ];
  return found.filter((each) => each !== false);
}

function choice(icon: string, label: string, command: string, description = ""): Choice {
  return { label: `$(${icon}) ${label}`, description, command: `signoff.${command}` };
}
