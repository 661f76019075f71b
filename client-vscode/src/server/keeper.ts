/** The supervisor and the extension's own environment, with the editor's windows around them. */
import { homedir } from "node:os";
import * as vscode from "vscode";
import { complain, inform, say } from "../say";
import type { Connection } from "./connection";
import { Environment, shipped, type Outcome } from "./environment";
import { findServer, thisMachine, type Machine } from "./launch";
import { Supervisor, type Problem } from "./supervisor";

const NOT_SHIPPED = "This build has no server with it. Install one (pip install signoff) and set signoff.path.";

export class Keeper {
  readonly supervisor: Supervisor;
  readonly #environment: Environment | undefined;

  constructor(context: vscode.ExtensionContext, connection: Connection, output: vscode.LogOutputChannel) {
    const wheels = shipped(context.asAbsolutePath("server"));
    this.#environment = wheels && new Environment(context.globalStorageUri.fsPath, wheels);
    this.supervisor = new Supervisor({
      find: () => findServer(configured(), machine(), this.#environment?.launch()),
      connect: (server) => connection.connect(server),
      disconnect: () => connection.disconnect(),
      entered: (state) => {
        if (state === "running") this.#environment?.tidy();
        return connection.entered(state);
      },
      installable: () => this.#environment !== undefined,
      tell: (problem) => void this.#tell(problem, output),
      log: (line) => {
        output.info(line);
      },
    });
  }

  /** Signoff: Install Server. Nothing is fetched before the user said yes. */
  async install(): Promise<void> {
    const environment = this.#environment;
    if (!environment) {
      say(NOT_SHIPPED);
      return;
    }
    const { question, detail } = environment.offer;
    const choice = await inform(`Signoff: ${question} ${detail}`, "Install", "Not Now");
    if (choice === "Install") await this.supervisor.install((stop) => inProgress(environment, stop));
  }

  async #tell(problem: Problem, output: vscode.LogOutputChannel): Promise<void> {
    output.error(problem.message);
    switch (await complain(problem.message, ...problem.actions)) {
      case "Install Server":
        return this.install();
      case "Restart Server":
        return this.supervisor.restart();
      case "Show Output":
        output.show();
        return;
      case "Open Settings":
        await vscode.commands.executeCommand("workbench.action.openSettings", "signoff.path");
        return;
      case undefined:
    }
  }
}

/** `stop`: the window closes. */
async function inProgress(environment: Environment, stop: AbortSignal): Promise<Outcome> {
  const options = { location: vscode.ProgressLocation.Notification, title: "Signoff", cancellable: true };
  return vscode.window.withProgress(options, (progress, token) => {
    const end = new AbortController();
    token.onCancellationRequested(() => {
      end.abort();
    });
    let before = 0;
    const say = (message: string, share: number): void => {
      progress.report({ message, increment: (share - before) * 100 });
      before = share;
    };
    return environment.install(environment.offer, machine(), say, AbortSignal.any([stop, end.signal]));
  });
}

function configured(): string {
  return vscode.workspace.getConfiguration("signoff").get<string>("path", "");
}

/** The editor's own proxy counts where the environment names none. */
function machine(): Machine {
  const proxy = vscode.workspace.getConfiguration("http").get<string>("proxy", "");
  const env = proxy === "" ? process.env : { HTTPS_PROXY: proxy, ...process.env };
  return thisMachine(env, homedir(), (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath));
}
