/**
 * The server's own Python environment in the extension's storage: made by pip from the wheels that the extension's lock
 * names by hash, in a folder that gets its name only when it is complete. Runs no program of an opened folder.
 */
import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isOpened, onPath, ownServer, type Launch, type Machine } from "./launch";
import { endGroup, GROUPS } from "./process";

/** Measured on Linux with the locks of 2026-11-23: what pip fetches, and what then lies on disk, in MB. */
const DOWNLOAD = 25;
const INSTALLED = 150;
/** As much of what pip says as is kept to tell what went wrong, in characters. */
const KEPT = 20_000;
const PYTHONS = ["python3", "python3.13", "python3.12", "python3.11", "python3.14"];
const ABOUT_PYTHON = `import sys
try:
    import ensurepip, venv
except ImportError:
    venv = None
print(*sys.version_info[:2], venv is not None)`;
const PIP = "-I -u -m pip install --require-hashes --only-binary :all: --no-deps --no-user --no-input".split(" ");
/** Settings of a user that would put the packages elsewhere. */
const UNWANTED = ["PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "__PYVENV_LAUNCHER__"];
const BY_HAND =
  "Or install it where you have access (pip install signoff) and set signoff.path to the program; " +
  "or name a folder that holds the wheels in PIP_FIND_LINKS and start the editor from there.";

/** What the .vsix has of the server: its wheel, and all wheels with their hashes in requirements.txt. */
export interface Shipped {
  readonly folder: string;
  /** How many packages at most are installed. */
  readonly packages: number;
  readonly digest: string;
}

/** What is asked before anything is downloaded. Only a user's yes to it entitles to hand it to `install`. */
export interface Offer {
  readonly question: string;
  readonly detail: string;
}

export type Outcome = "done" | "cancelled" | { readonly problem: string };
type Say = (line: string, share: number) => void;
interface Python {
  readonly command: string;
  readonly args: readonly string[];
}

/** What lies in the folder; undefined for a build without a server. */
export function shipped(folder: string): Shipped | undefined {
  const list = join(folder, "requirements.txt");
  if (!existsSync(list)) return undefined;
  const text = readFileSync(list, "utf8");
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { folder, digest, packages: text.match(/^[\w.-]+==|^\.\//gm)?.length ?? 0 };
}

export class Environment {
  readonly #storage: string;
  readonly #wheels: Shipped;
  readonly #folder: string;

  constructor(storage: string, wheels: Shipped) {
    this.#storage = storage;
    this.#wheels = wheels;
    this.#folder = join(storage, `server-${wheels.digest}`);
  }

  get offer(): Offer {
    return {
      question: "Install the server?",
      detail:
        `pip downloads ${this.#wheels.packages} packages (about ${DOWNLOAD} MB) from your ` +
        `package index and checks each against this extension's hashes; they take ${INSTALLED} MB in ${this.#storage}. ` +
        "Nothing else is changed.",
    };
  }

  /** The server of the environment, which counts as in use by this window then; undefined if there is none. */
  launch(): Launch | undefined {
    const python = pythonIn(this.#folder);
    if (!existsSync(join(this.#folder, "ready")) || !existsSync(python)) return undefined;
    try {
      mkdirSync(join(this.#folder, "used"), { recursive: true });
      writeFileSync(join(this.#folder, "used", String(process.pid)), "");
    } catch {
      // A disk that is full or read-only: the server may run all the same.
    }
    return ownServer(python);
  }

  /** Makes the environment, also in place of one that is there. `say` gets each step and the share that is done. */
  async install(_consent: Offer, machine: Machine, say: Say, signal: AbortSignal): Promise<Outcome> {
    const before = this.#stamp();
    const part = `${this.#folder}.part-${process.pid}-${randomUUID().slice(0, 8)}`;
    try {
      mkdirSync(this.#storage, { recursive: true, mode: 0o700 });
      const problem = (await this.#make(part, machine, say, signal)) ?? this.#place(part, before);
      if (signal.aborted && this.#stamp() === before) return "cancelled";
      return problem === undefined ? "done" : { problem };
    } catch (error) {
      return { problem: failure(String(error)) };
    } finally {
      await remove(part);
    }
  }

  /** Removes environments of other versions, and half-made ones, unless a window that lives uses them. */
  tidy(): void {
    const names = existsSync(this.#storage) ? readdirSync(this.#storage) : [];
    for (const name of names.filter((each) => /^server-[0-9a-f]{16}(\.|$)/.test(each))) {
      const folder = join(this.#storage, name);
      const users = /\.part-(\d+)/.exec(name)?.slice(1) ?? usersOf(folder);
      if (folder !== this.#folder && !users.some(isAlive)) void remove(folder);
    }
  }

  async #make(part: string, machine: Machine, say: Say, signal: AbortSignal): Promise<string | undefined> {
    say("Looking for Python", 0);
    const python = await findPython(machine, this.#storage, signal);
    if ("problem" in python) return python.problem;
    say("Making a Python environment", 0.05);
    const env = Object.fromEntries(Object.entries(machine.env).filter(([name]) => !UNWANTED.includes(name)));
    const venv = [...python.args, "-I", "-m", "venv", part];
    const made = await run(python.command, venv, { cwd: this.#storage, env, signal });
    if (made.code !== 0) return failure(made.text);
    let seen = 0;
    const { packages, folder } = this.#wheels;
    const line = (text: string): void => {
      const name = /^(?:Collecting|Processing|Ignoring) ([^\s:=]+)/.exec(text)?.[1]?.replace(/^.*[/\\]|-\d.*$/g, "");
      if (name !== undefined) say(`Collecting ${name} (${++seen} of ${packages})`, 0.1 + (0.7 * seen) / packages);
      else if (text.startsWith("Installing collected")) say(`Installing ${packages} packages`, 0.85);
    };
    const pip = [...PIP, "--disable-pip-version-check", "--progress-bar", "off", "-r", "requirements.txt"];
    const installed = await run(pythonIn(part), pip, { cwd: folder, env, signal, line });
    return installed.code === 0 ? undefined : failure(installed.text);
  }

  /** Gives the complete environment its name, unless another window was faster. */
  #place(part: string, before: string | undefined): string | undefined {
    writeFileSync(join(part, "ready"), randomUUID());
    for (const attempt of [1, 2]) {
      if (this.#stamp() !== before) return undefined;
      try {
        if (existsSync(this.#folder)) renameSync(this.#folder, `${part}-old`);
        renameSync(part, this.#folder);
        void remove(`${part}-old`);
        return undefined;
      } catch (error) {
        if (attempt === 2) return failure(String(error));
      }
    }
    return undefined;
  }

  #stamp(): string | undefined {
    const file = join(this.#folder, "ready");
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }
}

/** The first Python >= 3.11 with venv on PATH, outside of the opened folders. */
export async function findPython(
  machine: Machine,
  cwd: string,
  signal: AbortSignal,
): Promise<Python | { readonly problem: string }> {
  const windows = machine.platform === "win32";
  let old = "";
  let bare = "";
  for (const command of onPath(windows ? ["py", "python"] : PYTHONS, machine)) {
    // Apple's own is too old, or a stand-in that opens a dialog.
    if (isOpened(command, machine) || (machine.platform === "darwin" && command.startsWith("/usr/bin/"))) continue;
    const args = windows && /\bpy\.exe$/i.test(command) ? ["-3"] : [];
    const { text } = await run(command, [...args, "-I", "-c", ABOUT_PYTHON], { cwd, env: machine.env, signal });
    const [, major, minor, venv] = /^(\d+) (\d+) (True|False)\s*$/m.exec(text) ?? [];
    if (major === undefined) continue;
    if (Number(major) !== 3 || Number(minor) < 11) old ||= `${command} is ${major}.${minor ?? ""}. `;
    else if (venv === "True") return { command, args };
    else bare ||= `${command} has no module venv. On Debian or Ubuntu: sudo apt install python3.${minor ?? ""}-venv`;
  }
  if (bare !== "") return { problem: `Signoff: ${bare}. Then install the server again.` };
  const how = howToGetPython(machine.platform);
  return { problem: `Signoff: the server needs Python 3.11 or newer. ${old}Install it: ${how}` };
}

/** What to do about a failure, by what pip, venv or the file system said. */
export function failure(text: string): string {
  const lines = text.split("\n").filter((line) => /\S/.test(line));
  const error = lines.filter((line) => /ERROR|Error:/.test(line)).at(-1) ?? lines.at(-1) ?? "";
  const said = `It said: "${error.replace(/^ERROR: /, "").trim().slice(0, 300)}".`;
  if (/DO NOT MATCH THE HASHES/.test(text)) {
    return (
      "Signoff: a downloaded package is not the one that this extension was tested with (its hash differs), so nothing was " +
      `installed. ${wrongPackage(text)}Ask who runs your package index, or try another.`
    );
  }
  if (/No space left|ENOSPC|Errno 28|not enough space/i.test(text)) {
    return `Signoff: the disk is full; nothing was installed. The server needs about ${INSTALLED + 50} MB, and as much in the folder for temporary files.`;
  }
  if (/ensurepip is not|No module named '?(venv|ensurepip)/.test(text)) {
    return "Signoff: Python's module venv is missing. On Debian or Ubuntu: sudo apt install python3-venv. Then install again.";
  }
  if (/Retrying \(|NewConnectionError|Max retries|ReadTimeout|ConnectTimeout|ProxyError|CERTIFICATE_VERIFY/.test(text)) {
    return (
      "Signoff: the package index can't be reached; nothing was installed. Behind a proxy or a mirror, tell pip " +
      `(pip config set global.proxy or global.index-url, PIP_CERT for a certificate). ${BY_HAND}`
    );
  }
  if (/No matching distribution|Could not find a version/.test(text)) {
    return `Signoff: your package index lacks a package for this machine; nothing was installed. ${said} ${BY_HAND}`;
  }
  return `Signoff: the server could not be installed. ${said} ${BY_HAND}`;
}

function wrongPackage(text: string): string {
  const name = /DO NOT MATCH THE HASHES[^\n]*\n\s*(\S+)/.exec(text)?.[1];
  return name === undefined ? "" : `It is ${name}. `;
}

function howToGetPython(platform: NodeJS.Platform): string {
  if (platform === "darwin") return "brew install python, or Python's own installer.";
  if (platform === "win32") return "winget install Python.Python.3.13";
  return "sudo apt install python3 python3-venv (Debian, Ubuntu), or sudo dnf install python3.11 (Fedora and kin).";
}

function pythonIn(folder: string): string {
  return process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
}

function usersOf(folder: string): string[] {
  const used = join(folder, "used");
  return existsSync(used) ? readdirSync(used) : [];
}

function isAlive(id: string): boolean {
  try {
    return process.kill(Number(id), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}

interface How {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly line?: (text: string) => void;
}

/** Runs a program to its end, or until the signal kills it and all that it started. */
function run(command: string, args: readonly string[], how: How): Promise<{ code: number | null; text: string }> {
  if (how.signal.aborted) return Promise.resolve({ code: null, text: "" });
  return new Promise((resolve) => {
    const { cwd, env } = how;
    const child = spawn(command, args, { cwd, env, detached: GROUPS, windowsHide: true, stdio: ["ignore", "pipe", "pipe"] });
    const kill = (): void => {
      endGroup(child);
    };
    how.signal.addEventListener("abort", kill, { once: true });
    let text = "";
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (data: string) => {
      text = (text + data).slice(-KEPT);
      const lines = (rest + data).split("\n");
      rest = lines.pop() ?? "";
      for (const each of lines) how.line?.(each.trim());
    });
    child.stderr.setEncoding("utf8").on("data", (data: string) => (text = (text + data).slice(-KEPT)));
    child.on("error", (error) => {
      resolve({ code: null, text: error.message });
    });
    child.on("close", (code) => {
      how.signal.removeEventListener("abort", kill);
      resolve({ code, text });
    });
  });
}
