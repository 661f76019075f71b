/** Connects VS Code to the Signoff language server. Policy and agent logic live in the server. */
import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  Trace,
  type LanguageClientOptions,
  type StaticFeature,
} from "vscode-languageclient/node";
import type { SessionView } from "./generated/view";
import { describeEnd, findServer, thisMachine, type Launch } from "./server/launch";
import { endsWithin, makeSureItEnds, startServer, type ServerProcess } from "./server/process";
import { statusLine } from "./state/words";

/** Tells the server that this client understands the signoff/* messages of protocol version 1. */
const signoffCapability: StaticFeature = {
  fillClientCapabilities(capabilities) {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), signoff: { version: 1 } };
  },
  initialize() {
    // The capability needs nothing once the server is connected.
  },
  getState() {
    return { kind: "static" };
  },
  clear() {
    // Holds no state.
  },
};

/** How long a server that was told to stop may take before it is killed, in milliseconds. */
const STOP_PATIENCE = 3_000;
/** How long after a failed start we wait for the server's end, whose words say more, in milliseconds. */
const START_PATIENCE = 2_000;

/** Keeps the library's notices about the connection in the output channel: `watch` and `start` tell the user once. */
class Client extends LanguageClient {
  override error(message: string, data?: unknown, showNotification: boolean | "force" = true): void {
    super.error(message, data, showNotification === "force" ? false : showNotification);
  }
}

interface Connection {
  readonly launch: Launch;
  readonly client: LanguageClient;
  server?: ServerProcess;
  /** Set once we told the server to go, so that its end is no news. */
  stopping: boolean;
}

let output: vscode.LogOutputChannel;
let current: Connection | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  output = vscode.window.createOutputChannel("Signoff", { log: true });
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("signoff.restartServer", restart),
    vscode.commands.registerCommand("signoff.showOutput", () => {
      output.show();
    }),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("signoff.path")) await restart();
      else if (change.affectsConfiguration("signoff.trace")) await applyTrace();
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await stop();
}

function setting(name: "path" | "trace"): string {
  return vscode.workspace.getConfiguration("signoff").get<string>(name, "");
}

async function restart(): Promise<void> {
  await stop();
  await start();
}

async function start(): Promise<void> {
  const found = findServer(setting("path"), thisMachine(process.env, homedir()));
  if ("problem" in found) {
    void tell(found.problem);
    return;
  }
  const connection = connect(found.launch);
  current = connection;
  try {
    await connection.client.start();
    await applyTrace();
  } catch (error) {
    // A server that ended is reported by `watch`, with its own words; this one lives and answered wrongly.
    if (!connection.stopping && !(await endsWithin(connection.server, START_PATIENCE))) {
      void tell(`Signoff: the server ${found.launch.command} did not start: ${String(error)}`);
    }
  }
}

async function stop(): Promise<void> {
  const connection = current;
  current = undefined;
  if (connection === undefined) return;
  connection.stopping = true;
  await connection.client.dispose(STOP_PATIENCE).catch((error: unknown) => {
    output.warn(`Stopping the server: ${String(error)}`);
  });
  if (connection.server !== undefined) await makeSureItEnds(connection.server, STOP_PATIENCE);
}

function connect(launch: Launch): Connection {
  const serverOptions = (): Promise<ServerProcess["child"]> => {
    output.info(`Starting ${launch.command} ${launch.args.join(" ")}`);
    connection.server = startServer(launch);
    void watch(connection, connection.server);
    return Promise.resolve(connection.server.child);
  };
  const client = new Client("signoff", "Signoff", serverOptions, clientOptions());
  client.registerFeature(signoffCapability);
  client.onNotification("signoff/sessionChanged", (view: SessionView) => {
    output.info(statusLine(view));
  });
  const connection: Connection = { launch, client, stopping: false };
  return connection;
}

function clientOptions(): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: "file" }],
    initializationOptions: { ...vscode.workspace.getConfiguration("signoff") },
    outputChannel: output,
    // Our own message names the cause and the way out; the generic ones would come on top.
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
  };
}

/** Reports a server that ends without having been told to. It is not restarted: the user sees why and decides. */
async function watch(connection: Connection, server: ServerProcess): Promise<void> {
  const ended = await server.ended;
  if (!connection.stopping) await tell(describeEnd(connection.launch.command, ended));
}

async function applyTrace(): Promise<void> {
  if (current?.client.isRunning() === true) await current.client.setTrace(Trace.fromString(setting("trace")));
}

async function tell(message: string): Promise<void> {
  output.error(message);
  const choice = await vscode.window.showErrorMessage(message, "Open Settings", "Show Output", "Restart Server");
  if (choice === "Open Settings") {
    await vscode.commands.executeCommand("workbench.action.openSettings", "signoff.path");
  } else if (choice === "Show Output") {
    output.show();
  } else if (choice === "Restart Server") {
    await restart();
  }
}
