/** Child processes in groups of their own: the server with its streams, and how all of a group ends. */
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { machineClock, within, type Clock } from "./clock";
import type { Ended, Launch } from "./launch";

/** As much of the end of stderr as is kept for the message about a server that ended, in characters. */
const STDERR_KEPT = 4_000;
/** How every message of the protocol begins. */
const HEADER = "Content-";
/** Whether a child gets a process group of its own, which can be ended as a whole. */
export const GROUPS = process.platform !== "win32";

export interface ServerProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Settles once the process is gone and its stderr is read; never rejects. */
  readonly ended: Promise<Ended>;
  /** Yields the beginning of stdout if it is not the protocol's; else never settles. */
  readonly stray: Promise<string>;
}

/** Starts the server. A program that cannot be started at all ends with code null and the reason as its stderr. */
export function startServer(launch: Launch): ServerProcess {
  const child = spawn(launch.command, launch.args, { stdio: "pipe", detached: GROUPS, windowsHide: true });
  let stderr = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  // Writing to a server that is just gone is no error of its own: its end is what counts.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Ended>((resolve) => {
    child.on("error", (error) => {
      resolve({ code: null, signal: null, stderr: error.message });
    });
    child.on("exit", () => {
      // What it started holds its stderr open, and must not stay; what nobody reads any more holds stdout open.
      endGroup(child);
      child.stdout.resume();
    });
    child.on("close", (code, signal) => {
      resolve({ code, signal, stderr });
    });
  });
  return { child, ended, stray: strayText(child) };
}

/** Kills the process and everything in its group, at once. */
export function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (GROUPS) process.kill(-child.pid, "SIGKILL");
    else if (child.exitCode === null) spawn("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore" });
  } catch {
    // All of it is gone already.
  }
}

/** Waits until the process is gone; one that outlives `milliseconds` is killed, with all that it started. */
export async function makeSureItEnds(
  server: ServerProcess,
  milliseconds: number,
  clock: Clock = machineClock,
): Promise<Ended> {
  if ((await within(clock, milliseconds, server.ended)) === undefined) endGroup(server.child);
  return server.ended;
}

function strayText(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve) => {
    let begin = "";
    const look = (data: Buffer): void => {
      begin += data.toString("latin1");
      if (begin.length < HEADER.length) return;
      child.stdout.off("data", look);
      if (!begin.startsWith(HEADER)) resolve(begin);
    };
    // The first reader starts the stream: looking before it comes would take its bytes.
    child.stdout.on("newListener", function attach(event: string) {
      if (event !== "data") return;
      child.stdout.off("newListener", attach);
      child.stdout.on("data", look);
    });
  });
}
