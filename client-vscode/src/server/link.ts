/** What the rest of the client may ask of the server, whichever process it is at the moment. */
import type { CommandArguments } from "../generated/commands";
import type { Messages } from "../generated/messages";
import type { ServerStatus as Answer } from "../generated/status";
import type { Event } from "vscode";

/** `missing`: there is no program; `crashed`: it ended again and again, and is not started any more. */
export type ServerState = "starting" | "running" | "stopped" | "missing" | "crashed" | "installing";

/** The answer of `signoff.status`. A server of another version may say less. */
export type ServerStatus = Readonly<Partial<Answer>>;

export interface Link {
  readonly state: ServerState;
  readonly onState: Event<ServerState>;
  /** As it was last asked; undefined before the first start. */
  readonly status: ServerStatus | undefined;
  readonly onStatus: Event<ServerStatus>;
  /**
   * Runs one of the server's commands and returns its result. A refusal is told to the user and returned as well;
   * an error, or a server that does not run, is told and answered with undefined.
   */
  run<N extends keyof CommandArguments>(name: N, argument: CommandArguments[N]): Promise<unknown>;
  /** A request of our own; rejects when there is no server, or it answers with an error. */
  request<R>(method: string, params: unknown): Promise<R>;
  /** The same, of whose parameters nothing is logged. */
  requestInSecret<N extends keyof Messages>(method: N, params: Messages[N]): Promise<void>;
  /** A notification; lost while no server runs. */
  notify<N extends keyof Messages>(method: N, params: Messages[N]): void;
  /** Asks `signoff.status` again. */
  refresh(): Promise<void>;
}
