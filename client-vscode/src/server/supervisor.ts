/** Keeps the server running: one start at a time, a new start after a crash, an end to it after several. */
import type { InitializeResult } from "vscode-languageclient";
import { machineClock, within, type Clock } from "./clock";
import type { Outcome } from "./environment";
import { describeEnd, doctor, inWords, neverStarted, type Ended, type Found, type Launch } from "./launch";
import type { ServerState } from "./link";
import { makeSureItEnds, startServer, type ServerProcess } from "./process";
import { versionProblem } from "./versions";

/** How long a server may take to answer initialize, in milliseconds. */
export const ANSWER_PATIENCE = 30_000;
/** How long a server whose connection failed may take to end, so that its last words are known, in milliseconds. */
const WORDS_PATIENCE = 2_000;
/** How long a server may take for shutdown, and after it until it is gone, in milliseconds. */
const STOP_PATIENCE = 3_000;
const END_PATIENCE = 1_000;
/** So many ends within this time are followed by a new start, after so many milliseconds; one more is too many. */
const PERIOD = 180_000;
const DELAYS = [0, 1_000, 5_000] as const;

export type Action = "Install Server" | "Restart Server" | "Show Output" | "Open Settings";

/** What the user has to know, and what can be done about it. */
export interface Problem {
  readonly message: string;
  readonly actions: readonly Action[];
}

export interface Parts {
  find(): Found;
  /** Speaks to the process; resolves with its answer to initialize, rejects if there is none. */
  connect(server: ServerProcess): Promise<InitializeResult>;
  /** Says shutdown and exit if there is a connection, and drops it. */
  disconnect(): Promise<void>;
  /** The calls come one after the other, each after what the one before returned has settled. */
  entered(state: ServerState): void | Promise<void>;
  tell(problem: Problem): void;
  log(line: string): void;
  /** Whether this build can make an environment for the server. */
  installable(): boolean;
  readonly clock?: Clock;
}

/** From a start until the server is stopped or given up, over all crashes between. */
interface Run {
  halted: boolean;
  server?: ServerProcess;
  /** Ends the pause before the next start. */
  wake: () => void;
  /** Settles when the server runs for the first time, or does not. */
  readonly settled: Promise<void>;
  settle: () => void;
  done: Promise<void>;
}

interface Failure extends Problem {
  readonly state: "missing" | "crashed";
}

export class Supervisor {
  readonly #parts: Parts;
  readonly #clock: Clock;
  readonly #end = new AbortController();
  #state: ServerState = "stopped";
  #program = "";
  #run: Run | undefined;
  #restarting: Promise<void> | undefined;
  #installing: Promise<void> | undefined;
  #halting: Promise<void> = Promise.resolve();
  #entering: Promise<void> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? machineClock;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** What was started last, as a user would type it; empty before. */
  get program(): string {
    return this.#program;
  }

  /** Starts the server unless it runs; resolves when it does, or when it was given up and the user told. */
  start(): Promise<void> {
    return this.#restarting ?? this.#installing ?? this.#begin();
  }

  /** Stops the server if it runs, forgets earlier crashes, and starts it. */
  restart(): Promise<void> {
    if (this.#installing !== undefined) return this.#installing;
    this.#restarting ??= this.#halt()
      .then(() => this.#begin())
      .finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  /** Stops the server, lets `make` make an environment for it, and starts it from there. `stop` aborts the signal. */
  install(make: (signal: AbortSignal) => PromiseLike<Outcome>): Promise<void> {
    this.#installing ??= this.#install(make).finally(() => (this.#installing = undefined));
    return this.#installing;
  }

  /** Stops the server for good: nothing starts it any more. When this resolves, no process is left. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#installing;
    await this.#halt();
    await this.#enter("stopped");
  }

  #begin(): Promise<void> {
    if (this.#end.signal.aborted) return Promise.resolve();
    if (this.#run === undefined) {
      let settle = (): void => undefined;
      const settled = new Promise<void>((resolve) => (settle = resolve));
      const run: Run = { halted: false, wake: () => undefined, settled, settle, done: settled };
      this.#run = run;
      run.done = this.#keep(run).finally(run.settle);
    }
    return this.#run.settled;
  }

  async #keep(run: Run): Promise<void> {
    let ends: number[] = [];
    for (;;) {
      const outcome = await this.#once(run);
      if (run.halted) return;
      if ("state" in outcome) {
        await this.#giveUp(outcome);
        return;
      }
      const now = this.#clock.now();
      ends = [...ends.filter((end) => now - end < PERIOD), now];
      const delay = DELAYS[ends.length - 1];
      if (delay === undefined) {
        await this.#giveUp(this.#crashed(outcome.launch, outcome.ended, ends.length));
        return;
      }
      this.#parts.log(`${describeEnd(outcome.launch, outcome.ended)} It is started again.`);
      await this.#enter("starting");
      await this.#pause(run, delay);
      if (isHalted(run)) return;
    }
  }

  /** One life of a server: resolves when it ended by itself, or must not be started again. */
  async #once(run: Run): Promise<Failure | { launch: Launch; ended: Ended }> {
    await this.#enter("starting");
    const found = this.#parts.find();
    if ("problem" in found) {
      return this.#failure("missing", found.problem, found.missing === true, "Open Settings", "Restart Server");
    }
    const { launch } = found;
    this.#program = inWords(launch);
    if (run.halted) return { launch, ended: { code: null, signal: null, stderr: "" } };
    this.#parts.log(`Starting ${this.#program}`);
    const server = startServer(launch);
    run.server = server;
    const problem = await this.#connected(server, launch);
    if (problem !== undefined) {
      await makeSureItEnds(server, 0, this.#clock);
      await this.#disconnect();
      return this.#failure("crashed", problem, launch.own === true, "Restart Server", "Show Output");
    }
    const ended = await server.ended;
    await this.#disconnect();
    if (neverStarted(ended)) {
      return this.#failure("crashed", describeEnd(launch, ended), launch.own === true, "Open Settings", "Show Output");
    }
    return { launch, ended };
  }

  /** What is wrong with a server that lives; undefined when it runs, or has ended. */
  async #connected(server: ServerProcess, launch: Launch): Promise<string | undefined> {
    if (server.child.pid === undefined) return undefined;
    const first = await within(
      this.#clock,
      ANSWER_PATIENCE,
      Promise.race([
        this.#parts.connect(server).then(
          (answer) => ({ answer }),
          (error: unknown) => ({ error }),
        ),
        server.ended.then(() => "ended" as const),
        server.stray.then((stray) => ({ stray })),
      ]),
    );
    const help = `Try "${doctor(launch)}" in a terminal.`;
    if (first === "ended") return undefined;
    if (first === undefined) {
      return `Signoff: the server ${launch.command} gave no answer within ${ANSWER_PATIENCE / 1_000} seconds and was stopped. ${help}`;
    }
    if ("stray" in first) {
      const line = first.stray.trim().split("\n")[0]?.slice(0, 200) ?? "";
      return `Signoff: ${inWords(launch)} is no language server: it wrote "${line}". Check the setting signoff.path.`;
    }
    if ("error" in first) {
      if ((await within(this.#clock, WORDS_PATIENCE, server.ended)) !== undefined) return undefined;
      const words = first.error instanceof Error ? first.error.message : String(first.error);
      return `Signoff: the server ${launch.command} refused to start: ${words}. ${help}`;
    }
    const problem = versionProblem(first.answer, launch);
    if (problem === undefined && this.#run?.server === server) {
      const { settle } = this.#run;
      void this.#enter("running").then(settle);
    }
    return problem;
  }

  #crashed(launch: Launch, ended: Ended, times: number): Failure {
    const message =
      `${describeEnd(launch, ended)} It was the ${times}th time within three minutes, so it is not started again. ` +
      `Restart Server tries anew; "${doctor(launch)}" in a terminal looks for the cause. Nothing that waited is lost.`;
    return this.#failure("crashed", message, launch.own === true, "Restart Server", "Show Output");
  }

  #failure(state: Failure["state"], message: string, install: boolean, ...actions: Action[]): Failure {
    const helps = install && this.#parts.installable();
    return { state, message, actions: helps ? ["Install Server", ...actions] : actions };
  }

  async #giveUp(failure: Failure): Promise<void> {
    this.#run = undefined;
    this.#parts.log(failure.message);
    await this.#enter(failure.state);
    this.#parts.tell(failure);
  }

  async #install(make: (signal: AbortSignal) => PromiseLike<Outcome>): Promise<void> {
    const ran = this.#run !== undefined;
    await this.#halt();
    await this.#enter("installing");
    const outcome = await make(this.#end.signal);
    if (typeof outcome === "object") {
      this.#parts.log(outcome.problem);
      this.#parts.tell({ message: outcome.problem, actions: ["Install Server", "Show Output"] });
    }
    if (outcome === "done" || ran) await this.#begin();
    else await this.#enter("missing");
  }

  async #halt(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    // Who comes second waits for the same end.
    if (run !== undefined) this.#halting = this.#finish(run);
    await this.#halting;
  }

  async #finish(run: Run): Promise<void> {
    run.halted = true;
    run.wake();
    if (this.#state === "running") await this.#disconnect();
    if (run.server !== undefined) {
      await makeSureItEnds(run.server, this.#state === "running" ? END_PATIENCE : 0, this.#clock);
    }
    await run.done;
  }

  async #disconnect(): Promise<void> {
    await within(this.#clock, STOP_PATIENCE, this.#parts.disconnect());
  }

  async #pause(run: Run, milliseconds: number): Promise<void> {
    await within(this.#clock, milliseconds, new Promise<void>((resolve) => (run.wake = resolve)));
  }

  #enter(state: ServerState): Promise<void> {
    this.#state = state;
    this.#entering = this.#entering
      .then(() => this.#parts.entered(state))
      .catch((error: unknown) => {
        this.#parts.log(`After ${state}: ${String(error)}`);
      });
    return this.#entering;
  }
}

/** Asked anew after a pause, which the compiler does not know to change it. */
function isHalted(run: Run): boolean {
  return run.halted;
}
