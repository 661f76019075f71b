/** The language client over whatever server process runs now: the one place that talks to the server. */
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  Trace,
  type ExecuteCommandSignature,
  type InitializeResult,
  type LanguageClientOptions,
  type StaticFeature,
} from "vscode-languageclient/node";
import type { CommandArguments } from "../generated/commands";
import type { Messages, OutputDelta } from "../generated/messages";
import type { SessionView } from "../generated/view";
import type { Board } from "../state/board";
import { failed, tell } from "../tell";
import type { Link, ServerState, ServerStatus } from "./link";
import type { ServerProcess } from "./process";
import { PROTOCOL } from "./versions";

/** How long a server that was told to stop may take before it is killed, in milliseconds. */
const STOP_PATIENCE = 3_000;

/** What the connection needs of the rest of the client. */
export interface Parts {
  readonly output: vscode.LogOutputChannel;
  readonly board: Board;
  /** What becomes of a command before it reaches the server, and of the answer. */
  route(command: string, args: readonly unknown[], send: ExecuteCommandSignature): Promise<unknown>;
  /** Whether the editor's user trusts the window; undefined when the editor can't say. */
  readonly trusted: () => boolean | undefined;
}

/** Keeps the library's notices about the connection in the output channel: the supervisor tells the user once. */
class Client extends LanguageClient {
  override error(message: string, data?: unknown, showNotification: boolean | "force" = true): void {
    super.error(message, data, showNotification === "force" ? false : showNotification);
  }
}

export class Connection implements Link {
  readonly #parts: Parts;
  readonly #states = new vscode.EventEmitter<ServerState>();
  readonly #statuses = new vscode.EventEmitter<ServerStatus>();
  #client: LanguageClient | undefined;
  #state: ServerState = "stopped";
  #status: ServerStatus | undefined;
  readonly onState = this.#states.event;
  readonly onStatus = this.#statuses.event;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get state(): ServerState {
    return this.#state;
  }

  get status(): ServerStatus | undefined {
    return this.#status;
  }

  /** Speaks to the process from now on. Returns what it answered to `initialize`; rejects when it does not. */
  async connect(server: ServerProcess): Promise<InitializeResult> {
    const client = new Client("signoff", "Signoff", () => Promise.resolve(server.child), this.#options());
    this.#client = client;
    client.registerFeature(capability(this.#parts.trusted));
    client.onNotification("signoff/sessionChanged", (view: SessionView) => {
      this.#parts.board.put(view);
    });
    client.onNotification("signoff/outputDelta", ({ session, text }: OutputDelta) => {
      this.#parts.board.delta(session, text);
    });
    this.#parts.board.restarted();
    await client.start();
    const answer = client.initializeResult;
    if (!answer) throw new Error("it ended before it answered");
    await this.trace();
    return answer;
  }

  /** The supervisor's word. When the server runs, all that is open is asked for once. */
  async entered(state: ServerState): Promise<void> {
    if (state === "running") await this.#catchUp();
    this.#state = state;
    this.#states.fire(state);
  }

  /** Tells the server to go; it may take some seconds for what is under way. */
  async disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.dispose(STOP_PATIENCE).catch((error: unknown) => {
      this.#parts.output.warn(`Stopping the server: ${String(error)}`);
    });
  }

  async run<N extends keyof CommandArguments>(name: N, argument: CommandArguments[N]): Promise<unknown> {
    try {
      return tell(await this.request("workspace/executeCommand", { command: name, arguments: [argument] }));
    } catch (error) {
      this.#parts.output.error(`${name}: ${String(error)}`);
      failed(name, error);
      return undefined;
    }
  }

  request<R>(method: string, params: unknown): Promise<R> {
    const client = this.#client;
    if (!client?.isRunning()) return Promise.reject(new Error("the server does not run. Use Restart Server"));
    return client.sendRequest<R>(method, params);
  }

  /** A request whose parameters are written nowhere, however much is traced. */
  async requestInSecret<N extends keyof Messages>(method: N, params: Messages[N]): Promise<void> {
    await this.#client?.setTrace(Trace.Off);
    try {
      await this.request(method, params);
    } finally {
      await this.trace();
    }
  }

  notify<N extends keyof Messages>(method: N, params: Messages[N]): void {
    if (this.#client?.isRunning() === true) void this.#client.sendNotification(method, params);
  }

  async refresh(): Promise<void> {
    try {
      const command = { command: "signoff.status", arguments: [{}] };
      this.#status = await this.request<ServerStatus>("workspace/executeCommand", command);
      this.#statuses.fire(this.#status);
    } catch (error) {
      this.#parts.output.warn(`Asking for the server's status: ${String(error)}`);
    }
  }

  /** The diagnostic as the protocol has it. */
  plain(diagnostic: vscode.Diagnostic): Record<string, unknown> {
    return { ...this.#client?.code2ProtocolConverter.asDiagnostic(diagnostic) };
  }

  /** Follows the setting signoff.trace. */
  async trace(): Promise<void> {
    const level = vscode.workspace.getConfiguration("signoff").get<string>("trace", "off");
    if (this.#client?.isRunning() === true) await this.#client.setTrace(Trace.fromString(level));
  }

  /** Hands the user's settings over again. */
  configure(): void {
    const params = { settings: { signoff: settings() } };
    if (this.#client?.isRunning() === true) void this.#client.sendNotification("workspace/didChangeConfiguration", params);
  }

  async #catchUp(): Promise<void> {
    const command = { command: "signoff.listSessions", arguments: [{}] };
    try {
      this.#parts.board.reset(await this.request<SessionView[]>("workspace/executeCommand", command));
    } catch (error) {
      this.#parts.output.error(`Listing the sessions: ${String(error)}`);
    }
    await this.refresh();
  }

  #options(): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }],
      initializationOptions: settings(),
      outputChannel: this.#parts.output,
      middleware: {
        executeCommand: (command, args, next) => this.#parts.route(command, args as unknown[], next),
      },
      // Our own message names the cause and the way out; the generic ones would come on top.
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
      },
    };
  }
}

/** Tells the server that this client understands the signoff/* messages, and what the user trusts. */
function capability(trusted: () => boolean | undefined): StaticFeature {
  return {
    fillClientCapabilities(capabilities) {
      const word = trusted();
      const signoff = { version: PROTOCOL, ...(word === undefined ? {} : { trusted: word }) };
      capabilities.experimental = { ...(capabilities.experimental as object | undefined), signoff };
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
}

function settings(): object {
  return { ...vscode.workspace.getConfiguration("signoff") };
}
