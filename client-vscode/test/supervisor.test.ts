/** The supervisor over real processes that misbehave; time is ours. */
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { StreamMessageReader, StreamMessageWriter, createMessageConnection } from "vscode-jsonrpc/node";
import type { MessageConnection } from "vscode-jsonrpc/node";
import type { InitializeResult } from "vscode-languageclient";
import type { Clock } from "../src/server/clock";
import type { Outcome } from "../src/server/environment";
import type { Found } from "../src/server/launch";
import type { ServerState } from "../src/server/link";
import type { ServerProcess } from "../src/server/process";
import { ANSWER_PATIENCE, Supervisor, type Problem } from "../src/server/supervisor";

const PATIENCE = { timeout: 20_000 };

/** Moves only when told; what is due at once happens at once. */
class Hand implements Clock {
  #now = 0;
  #due: { at: number; run: () => void }[] = [];
  readonly asked: number[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + milliseconds, run };
    this.asked.push(milliseconds);
    if (milliseconds === 0) setImmediate(run);
    else this.#due.push(timer);
    return () => {
      this.#due = this.#due.filter((each) => each !== timer);
    };
  }

  waitsFor(milliseconds: number): boolean {
    return this.#due.some((each) => each.at - this.#now === milliseconds);
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
    const due = this.#due.filter((each) => each.at <= this.#now);
    this.#due = this.#due.filter((each) => each.at > this.#now);
    for (const each of due) each.run();
  }
}

/** A supervisor whose server has these manners, and all that it said. */
class Bench {
  readonly clock = new Hand();
  readonly states: ServerState[] = [];
  readonly told: Problem[] = [];
  readonly starts = join(mkdtempSync(join(tmpdir(), "signoff-supervisor-")), "starts");
  found: Found;
  connection: MessageConnection | undefined;
  server: ServerProcess | undefined;
  readonly supervisor: Supervisor;

  constructor(manner: string) {
    const args = [join(import.meta.dirname, "wayward.mjs"), manner, this.starts];
    this.found = { launch: { command: process.execPath, args } };
    this.supervisor = new Supervisor({
      find: () => this.found,
      connect: (server) => this.#connect(server),
      disconnect: () => this.#disconnect(),
      entered: (state) => void this.states.push(state),
      tell: (problem) => void this.told.push(problem),
      log: () => undefined,
      installable: () => true,
      clock: this.clock,
    });
  }

  get pids(): number[] {
    if (!existsSync(this.starts)) return [];
    return readFileSync(this.starts, "utf8").trimEnd().split("\n").map(Number);
  }

  get message(): string {
    expect(this.told).toHaveLength(1);
    return this.told[0]?.message ?? "";
  }

  async #connect(server: ServerProcess): Promise<InitializeResult> {
    const { stdout, stdin } = server.child;
    const connection = createMessageConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
    connection.onError(() => undefined);
    connection.listen();
    [this.connection, this.server] = [connection, server];
    return connection.sendRequest<InitializeResult>("initialize", { capabilities: {} });
  }

  async #disconnect(): Promise<void> {
    const connection = this.connection;
    this.connection = undefined;
    if (this.server?.child.exitCode === null && this.server.child.signalCode === null) {
      await connection?.sendRequest("shutdown").catch(() => undefined);
      await connection?.sendNotification("exit").catch(() => undefined);
    }
    connection?.dispose();
  }
}

function gone(pid: number): boolean {
  try {
    // A zombie whose parent has not asked yet is gone as well.
    process.kill(pid, 0);
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

let bench: Bench;

afterEach(async () => {
  const stopped = bench.supervisor.stop();
  bench.clock.pass(60_000);
  await stopped;
  expect(bench.pids.filter((pid) => !gone(pid))).toEqual([]);
});

it("starts one server however often it is asked, and stops it for good", async () => {
  bench = new Bench("well");
  await Promise.all([bench.supervisor.start(), bench.supervisor.start(), bench.supervisor.start()]);
  expect(bench.states).toEqual(["starting", "running"]);
  expect(bench.supervisor.program).toContain("wayward.mjs");
  await bench.supervisor.stop();
  await bench.supervisor.start();
  await bench.supervisor.restart();
  expect(bench.states).toEqual(["starting", "running", "stopped"]);
  expect(bench.pids).toHaveLength(1);
  expect((await bench.server?.ended)?.code).toBe(0);
});

it("restarts a server on request, once for two requests", async () => {
  bench = new Bench("well");
  await bench.supervisor.start();
  await Promise.all([bench.supervisor.restart(), bench.supervisor.restart(), bench.supervisor.start()]);
  expect(bench.states).toEqual(["starting", "running", "starting", "running"]);
  expect(bench.pids).toHaveLength(2);
});

it("says that there is no server, and finds one that came later", async () => {
  bench = new Bench("well");
  const there = bench.found;
  bench.found = { problem: "Signoff: not on PATH.", missing: true };
  await bench.supervisor.start();
  expect(bench.states).toEqual(["starting", "missing"]);
  expect(bench.told).toEqual([
    expect.objectContaining({ message: "Signoff: not on PATH.", actions: ["Install Server", "Open Settings", "Restart Server"] }),
  ]);
  bench.found = there;
  await bench.supervisor.restart();
  expect(bench.supervisor.state).toBe("running");
});

it("does not try again what can't be started at all", async () => {
  bench = new Bench("well");
  bench.found = { launch: { command: join(tmpdir(), "no such signoff"), args: [] } };
  await bench.supervisor.start();
  expect(bench.supervisor.state).toBe("crashed");
  expect(bench.message).toContain("could not be started. It said: \"spawn");
});

it("starts a server that crashed twice again, with growing delays", async () => {
  bench = new Bench("crash twice");
  const started = bench.supervisor.start();
  await vi.waitUntil(() => bench.clock.waitsFor(1_000), PATIENCE);
  expect(bench.pids).toHaveLength(2);
  bench.clock.pass(1_000);
  await started;
  expect(bench.supervisor.state).toBe("running");
  expect(bench.told).toEqual([]);
});

it("gives up a server that crashes at once, with its last words, until asked", async () => {
  bench = new Bench("crash");
  const started = bench.supervisor.start();
  for (const delay of [1_000, 5_000]) {
    await vi.waitUntil(() => bench.clock.waitsFor(delay), PATIENCE);
    bench.clock.pass(delay);
  }
  await started;
  expect(bench.states.at(-1)).toBe("crashed");
  expect(bench.pids).toHaveLength(4);
  expect(bench.message).toMatch(/ended \(exit code 3\)\. It said: "no pygls"\. It was the 4th time within three minutes/);
  expect(bench.message).toMatch(/Restart Server tries anew; ".* doctor" in a terminal/);
  expect(bench.told[0]?.actions).toEqual(["Restart Server", "Show Output"]);
  void bench.supervisor.restart();
  await vi.waitUntil(() => bench.clock.waitsFor(1_000), PATIENCE);
  expect(bench.supervisor.state).toBe("starting");
});

it("starts a server that ended after an hour of work again at once, each hour", async () => {
  bench = new Bench("well");
  await bench.supervisor.start();
  for (let hour = 2; hour < 8; hour += 1) {
    bench.clock.pass(3_600_000);
    await bench.connection?.sendNotification("die");
    await vi.waitUntil(() => bench.pids.length === hour && bench.supervisor.state === "running", PATIENCE);
  }
  expect(bench.clock.asked).not.toContain(1_000);
  expect(bench.told).toEqual([]);
});

it("kills a server that does not answer", async () => {
  bench = new Bench("slow");
  const started = bench.supervisor.start();
  await vi.waitUntil(() => bench.pids.length === 1 && bench.clock.waitsFor(ANSWER_PATIENCE), PATIENCE);
  bench.clock.pass(ANSWER_PATIENCE);
  await started;
  expect(bench.states).toEqual(["starting", "crashed"]);
  expect(bench.message).toMatch(/gave no answer within 30 seconds and was stopped\. Try ".* doctor"/);
});

it.each([
  ["garbage", 'is no language server: it wrote "Welcome to this program, please log in". Check the setting signoff.path'],
  ["other", "is the language server pylsp. Set signoff.path"],
  ["old", "is too old for this extension. Update it (pip install --upgrade signoff"],
  ["new", "is newer than this extension: it speaks protocol 2, the extension 1. Update the extension"],
])("says what is wrong with a server that is %s", async (manner, words) => {
  bench = new Bench(manner);
  await bench.supervisor.start();
  expect(bench.states).toEqual(["starting", "crashed"]);
  expect(bench.message).toContain(words);
});

it("repeats why a server refused to start", async () => {
  bench = new Bench("refuse");
  const started = bench.supervisor.start();
  await vi.waitUntil(() => bench.clock.waitsFor(2_000), PATIENCE);
  bench.clock.pass(2_000);
  await started;
  expect(bench.message).toContain("refused to start: the journal is of a newer version. Try");
});

it("kills a server that does not end when told, and what it started", async () => {
  bench = new Bench("deaf");
  await bench.supervisor.start();
  const stopped = bench.supervisor.stop();
  await vi.waitUntil(() => bench.clock.waitsFor(3_000), PATIENCE);
  bench.clock.pass(3_000);
  await vi.waitUntil(() => bench.clock.waitsFor(1_000), PATIENCE);
  bench.clock.pass(1_000);
  await stopped;
  expect(bench.pids).toHaveLength(2);
  await vi.waitUntil(() => bench.pids.every(gone), PATIENCE);
});

it("stops in the middle of a start, and in the pause before the next", async () => {
  bench = new Bench("slow");
  const slow = bench.supervisor.start();
  await vi.waitUntil(() => bench.pids.length === 1, PATIENCE);
  await bench.supervisor.stop();
  await slow;
  expect(bench.states).toEqual(["starting", "stopped"]);
  bench = new Bench("crash");
  const crashing = bench.supervisor.start();
  await vi.waitUntil(() => bench.clock.waitsFor(1_000), PATIENCE);
  await bench.supervisor.stop();
  await crashing;
  expect(bench.pids).toHaveLength(2);
});

it("installs, then starts what was installed", async () => {
  bench = new Bench("well");
  const there = bench.found;
  bench.found = { problem: "Signoff: not on PATH.", missing: true };
  await bench.supervisor.start();
  const make = (outcome: Outcome) => (): Promise<Outcome> => Promise.resolve(outcome);
  await bench.supervisor.install(make("cancelled"));
  expect(bench.states).toEqual(["starting", "missing", "installing", "missing"]);
  await bench.supervisor.install(make({ problem: "Signoff: the disk is full." }));
  expect(bench.told.map((each) => each.message)).toEqual(["Signoff: not on PATH.", "Signoff: the disk is full."]);
  bench.found = there;
  await bench.supervisor.install(make("done"));
  expect(bench.states.slice(-3)).toEqual(["installing", "starting", "running"]);
});

it("ends an installation when the window closes", async () => {
  bench = new Bench("well");
  void bench.supervisor.install(
    (signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          resolve("cancelled");
        });
      }),
  );
  await vi.waitUntil(() => bench.supervisor.state === "installing", PATIENCE);
  await bench.supervisor.stop();
  expect(bench.supervisor.state).toBe("stopped");
});
