/**
 * Which program is the server, and what to tell the user when it cannot be started.
 * This file knows nothing of VS Code, so that plain tests cover it.
 */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

export type Found = { readonly launch: Launch } | { readonly problem: string };

/** How a server process ended; `stderr` is the end of what it wrote there. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

export interface Machine {
  readonly path: string;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly isProgram: (file: string) => boolean;
}

const INSTALL = "Install it (pip install signoff), or set signoff.path to the absolute path of the program.";

/**
 * The command that starts the server: `configured` (the setting signoff.path) if it is not empty, else `signoff` on
 * PATH. Relative paths and relative PATH entries are never used: they would let an opened folder choose the program.
 */
export function findServer(configured: string, machine: Machine): Found {
  const wanted = expandHome(configured.trim(), machine.home);
  if (wanted !== "") {
    return fromSetting(wanted, machine);
  }
  const command = programsOnPath(machine).find(machine.isProgram);
  if (command === undefined) {
    return { problem: `Signoff: the program signoff is not on PATH. ${INSTALL}` };
  }
  return { launch: serverCommand(command) };
}

/** One sentence or two for a server that ended by itself: what it said last, and what to do. */
export function describeEnd(command: string, ended: Ended): string {
  const how = ended.signal === null ? `exit code ${ended.code ?? "unknown"}` : `signal ${ended.signal}`;
  const last = ended.stderr.trimEnd().split("\n").at(-1)?.trim() ?? "";
  const said = last === "" ? "It wrote no message." : `It said: "${last.slice(0, 300)}".`;
  return `Signoff: the server ${command} ended (${how}). ${said} Try "${command} doctor" in a terminal.`;
}

/** The machine that this process runs on. */
export function thisMachine(env: NodeJS.ProcessEnv, home: string): Machine {
  return { path: env["PATH"] ?? env["Path"] ?? "", platform: process.platform, home, isProgram };
}

function serverCommand(command: string): Launch {
  return { command, args: ["server", "--stdio"] };
}

function fromSetting(wanted: string, machine: Machine): Found {
  if (!isAbsolute(wanted)) {
    return { problem: `Signoff: the setting signoff.path must be an absolute path; it is "${wanted}".` };
  }
  if (!machine.isProgram(wanted)) {
    return { problem: `Signoff: the setting signoff.path names "${wanted}", which is no program that can be run.` };
  }
  return { launch: serverCommand(wanted) };
}

function expandHome(path: string, home: string): string {
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}

function programsOnPath(machine: Machine): string[] {
  const names = machine.platform === "win32" ? ["signoff.exe"] : ["signoff"];
  const folders = machine.path.split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.flatMap((folder) => names.map((name) => join(folder, name)));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
