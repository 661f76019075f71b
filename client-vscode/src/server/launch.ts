/**
 * Which program is the server, and what to tell the user when it cannot be started.
 * This file knows nothing of VS Code, so that plain tests cover it.
 */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join, relative } from "node:path";

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it is the environment that this extension made. */
  readonly own?: true;
}

/** `missing`: nothing is set, installed or on PATH, so that an installation would help. */
export type Found = { readonly launch: Launch } | { readonly problem: string; readonly missing?: true };

/** How a server process ended; `stderr` is the end of what it wrote there. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

export interface Machine {
  readonly env: NodeJS.ProcessEnv;
  readonly path: string;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** The folders that are open in the editor: no program in them is chosen by itself. */
  readonly folders: readonly string[];
  readonly isProgram: (file: string) => boolean;
}

const INSTALL = "Install it (pip install signoff), or set signoff.path to the absolute path of the program.";
const SERVER = ["server", "--stdio"];

/**
 * The command that starts the server: `configured` (the setting signoff.path) if it is not empty, else `own` (the
 * extension's own environment) if there is one, else `signoff` on PATH.
 */
export function findServer(configured: string, machine: Machine, own?: Launch): Found {
  const wanted = expandHome(configured.trim(), machine.home);
  if (wanted !== "") return fromSetting(wanted, machine);
  if (own !== undefined) return { launch: own };
  const programs = onPath(["signoff"], machine);
  const command = programs.find((file) => !isOpened(file, machine));
  if (command !== undefined) return { launch: { command, args: SERVER } };
  const left = programs.length === 0 ? "" : ` (${programs.join(", ")} is in an opened folder and not used unasked)`;
  return { problem: `Signoff: the program signoff is not on PATH${left}. ${INSTALL}`, missing: true };
}

/** The server of an environment that pip made, by its Python: unlike the script signoff it may be moved. */
export function ownServer(python: string): Launch {
  return { command: python, args: ["-I", "-m", "signoff", ...SERVER], own: true };
}

/** The programs of these names on PATH, by name, then folder. A relative entry is never used: it would mean any folder. */
export function onPath(names: readonly string[], machine: Machine): string[] {
  const suffix = machine.platform === "win32" ? ".exe" : "";
  const folders = machine.path.split(delimiter).filter((folder) => isAbsolute(folder));
  return names.flatMap((name) => folders.map((folder) => join(folder, name + suffix))).filter(machine.isProgram);
}

/** Whether the file is in one of the opened folders, directly or as the target of a link. */
export function isOpened(file: string, machine: Machine): boolean {
  return [file, real(file)].some((each) =>
    machine.folders.flatMap((folder) => [folder, real(folder)]).some((folder) => contains(folder, each)),
  );
}

/** What is started, as a user would type it. */
export function inWords(launch: Launch): string {
  return [launch.command, ...launch.args].map((word) => (word.includes(" ") ? `"${word}"` : word)).join(" ");
}

/** The command that examines this server's installation, as a user would type it. */
export function doctor(launch: Launch): string {
  return inWords({ ...launch, args: [...launch.args.filter((word) => !SERVER.includes(word)), "doctor"] });
}

/** How a server ended, with the last line that it wrote. */
export function describeEnd(launch: Launch, ended: Ended): string {
  const last = ended.stderr.trimEnd().split("\n").at(-1)?.trim() ?? "";
  const said = last === "" ? "It wrote no message." : `It said: "${last.slice(0, 300)}".`;
  if (neverStarted(ended)) return `Signoff: ${launch.command} could not be started. ${said}`;
  const how = ended.signal === null ? `exit code ${ended.code ?? "unknown"}` : `signal ${ended.signal}`;
  return `Signoff: the server ${launch.command} ended (${how}). ${said}`;
}

/** Whether the operating system refused to start the program at all. */
export function neverStarted(ended: Ended): boolean {
  return ended.code === null && ended.signal === null;
}

/** The machine that this process runs on; `folders` are those that are open in the editor. */
export function thisMachine(env: NodeJS.ProcessEnv, home: string, folders: readonly string[] = []): Machine {
  return { env, path: env["PATH"] ?? env["Path"] ?? "", platform: process.platform, home, folders, isProgram };
}

function fromSetting(wanted: string, machine: Machine): Found {
  if (!isAbsolute(wanted)) {
    return { problem: `Signoff: the setting signoff.path must be an absolute path; it is "${wanted}".` };
  }
  if (!machine.isProgram(wanted)) {
    return { problem: `Signoff: the setting signoff.path names "${wanted}", which is no program that can be run.` };
  }
  return { launch: { command: wanted, args: SERVER } };
}

function expandHome(path: string, home: string): string {
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}

function contains(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
