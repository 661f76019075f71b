/** The server as a child process: its streams, and a promise of how it ended. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import type { Ended, Launch } from "./launch";

/** As much of the end of stderr as is kept for the message about a server that ended, in characters. */
const STDERR_KEPT = 4_000;

export interface ServerProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Settles once the process is gone and its stderr is read; never rejects. */
  readonly ended: Promise<Ended>;
}

/** Starts the server. A program that cannot be started at all ends with code null and the reason as its stderr. */
export function startServer(launch: Launch): ServerProcess {
  const child = spawn(launch.command, launch.args, { stdio: "pipe" });
  let stderr = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("error", (error) => {
      resolve({ code: null, signal: null, stderr: error.message });
    });
    child.on("close", (code, signal) => {
      resolve({ code, signal, stderr });
    });
  });
  return { child, ended };
}

/** Waits until the process is gone; one that outlives `milliseconds` is killed. */
export async function makeSureItEnds(server: ServerProcess, milliseconds: number): Promise<Ended> {
  const timer = setTimeout(() => server.child.kill("SIGKILL"), milliseconds);
  const ended = await server.ended;
  clearTimeout(timer);
  return ended;
}

/** Whether the process is gone, or goes within `milliseconds`; true for one that was never started. */
export async function endsWithin(server: ServerProcess | undefined, milliseconds: number): Promise<boolean> {
  if (server === undefined) return true;
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, milliseconds);
  });
  const ended = await Promise.race([server.ended.then(() => true), patience]);
  clearTimeout(timer);
  return ended;
}
