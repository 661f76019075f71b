/** Environments made by the real Python and pip, from small wheels that the test makes itself. */
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { Environment, failure, findPython, shipped, type Outcome } from "../src/server/environment";
import { isOpened, thisMachine, type Machine } from "../src/server/launch";
import { startServer } from "../src/server/process";

// Python makes an environment in 4 s, on a busy machine in 20.
vi.setConfig({ testTimeout: 240_000 });

/** Nothing listens there. */
const CLOSED = "http://127.0.0.1:9/simple";
const going = new AbortController().signal;
const quiet = (): void => undefined;

let wheels: string;

function folder(name: string): string {
  return mkdtempSync(join(tmpdir(), `signoff ${name} `));
}

/** A wheel of one module that prints its arguments; returns its line of a lock. */
function wheel(name: string): string {
  const file = join(wheels, `${name}-1.0-py3-none-any.whl`);
  const script = `
import sys, zipfile
file, name = sys.argv[1:]
info = f"{name}-1.0.dist-info"
texts = {f"{name}/__init__.py": "", f"{name}/__main__.py": "import sys; print(sys.argv[1:], sys.flags.isolated)",
  f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
  f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
texts[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in [*texts, f"{info}/RECORD"])
with zipfile.ZipFile(file, "w") as archive:
    for path, text in texts.items(): archive.writestr(path, text)
`;
  execFileSync("python3", ["-c", script, file, name]);
  return `--hash=sha256:${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
}

let lock: string;
let own: string;

beforeAll(() => {
  // pip takes spaces in PIP_FIND_LINKS for separators.
  wheels = mkdtempSync(join(tmpdir(), "signoff-wheels-"));
  lock = `helpful==1.0 ${wheel("helpful")}\n`;
  own = `./signoff-1.0-py3-none-any.whl ${wheel("signoff")}\n`;
});

/** What a package would have: the list, and the server's own wheel beside it. */
function server(list: string): string {
  const made = folder("server");
  writeFileSync(join(made, "requirements.txt"), list);
  writeFileSync(join(made, "signoff-1.0-py3-none-any.whl"), readFileSync(join(wheels, "signoff-1.0-py3-none-any.whl")));
  return made;
}

function environment(storage: string, list = lock + own): Environment {
  const found = shipped(server(list));
  if (found === undefined) throw new Error("no requirements.txt");
  return new Environment(storage, found);
}

function machine(env: NodeJS.ProcessEnv = {}): Machine {
  const pip = { PIP_CONFIG_FILE: "/dev/null", PIP_NO_INDEX: "1", PIP_FIND_LINKS: wheels, PIP_RETRIES: "1" };
  return thisMachine({ ...process.env, ...pip, ...env }, tmpdir());
}

function words(outcome: Outcome): string {
  return typeof outcome === "object" ? outcome.problem : outcome;
}

/** The folders of the storage, without numbers that differ. */
function kept(storage: string): string[] {
  return readdirSync(storage).map((name) => name.replace(/\d[\da-f-]*$/, "N").replace(/[0-9a-f]{16}/, "X"));
}

it("makes an environment whose server runs, alone and from another folder", async () => {
  const storage = join(folder("storage"), "not there yet");
  const made = environment(storage);
  expect(made.launch()).toBeUndefined();
  expect(made.offer.detail).toContain("pip downloads 2 packages (about 25 MB)");
  const lines: string[] = [];
  const shares: number[] = [];
  const say = (line: string, share: number): void => {
    lines.push(line);
    shares.push(share);
  };
  expect(await made.install(made.offer, machine({ PIP_TARGET: folder("elsewhere") }), say, going)).toBe("done");
  expect(lines.slice(0, 2)).toEqual(["Looking for Python", "Making a Python environment"]);
  expect(lines.slice(2, 4)).toEqual(["Collecting signoff (1 of 2)", "Collecting helpful (2 of 2)"]);
  expect(lines.at(-1)).toBe("Installing 2 packages");
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(kept(storage)).toHaveLength(1);
  const launch = made.launch();
  if (launch === undefined) throw new Error("no environment");
  const started = startServer(launch);
  let said = "";
  started.child.stdout.on("data", (data: Buffer) => (said += data.toString()));
  expect(await started.ended).toEqual({ code: 0, signal: null, stderr: "" });
  expect(said.trim()).toBe("['server', '--stdio'] 1");
});

it("lets two windows make the same one at once, and a third make it anew", async () => {
  const storage = folder("storage");
  const [one, two] = [environment(storage), environment(storage)];
  const outcomes = await Promise.all([one, two].map((each) => each.install(each.offer, machine(), quiet, going)));
  expect(outcomes).toEqual(["done", "done"]);
  expect(await two.install(two.offer, machine(), quiet, going)).toBe("done");
  await vi.waitUntil(() => kept(storage).length === 1, { timeout: 20_000 });
  expect(one.launch()).toBeDefined();
});

it("leaves nothing behind when it is cancelled in the middle", async () => {
  const storage = folder("storage");
  const made = environment(storage);
  for (const moment of ["Making", "Collecting"]) {
    const end = new AbortController();
    const say = (line: string): void => {
      if (line.startsWith(moment)) end.abort();
    };
    expect(await made.install(made.offer, machine(), say, end.signal)).toBe("cancelled");
    expect(kept(storage)).toEqual([]);
  }
  expect(made.launch()).toBeUndefined();
});

it("tidies away what no living window uses", async () => {
  const storage = folder("storage");
  const made = environment(storage);
  const dead = startServer({ command: process.execPath, args: ["--version"] });
  await dead.ended;
  const gone = String(dead.child.pid);
  const old = (digit: string): string => `server-${digit.repeat(16)}`;
  const parts = [`${old("a")}.part-${gone}-x`, `${old("b")}.part-${process.ppid}-x`];
  for (const name of [...parts, "other", `${old("c")}/used`, `${old("d")}/used`]) {
    mkdirSync(join(storage, name), { recursive: true });
  }
  writeFileSync(join(storage, old("c"), "used", gone), "");
  writeFileSync(join(storage, old("d"), "used", String(process.ppid)), "");
  made.tidy();
  await vi.waitUntil(() => readdirSync(storage).length === 3, { timeout: 20_000 });
  expect(readdirSync(storage).sort()).toEqual(["other", `${old("b")}.part-${process.ppid}-x`, old("d")].sort());
});

describe("what it says when it fails", () => {
  const tries = async (list: string, env: NodeJS.ProcessEnv): Promise<string> => {
    const storage = folder("storage");
    const made = environment(storage, list);
    const outcome = words(await made.install(made.offer, machine(env), quiet, going));
    expect(existsSync(storage) ? kept(storage) : []).toEqual([]);
    expect(made.launch()).toBeUndefined();
    return outcome;
  };

  it("offline", async () => {
    const said = await tries(lock + own, { PIP_NO_INDEX: "", PIP_FIND_LINKS: "", PIP_INDEX_URL: CLOSED });
    expect(said).toMatch(/^Signoff: the package index can't be reached; nothing was installed\./);
    expect(said).toContain("(pip install signoff) and set signoff.path");
    expect(said).toContain("PIP_FIND_LINKS");
  });

  it("another hash", async () => {
    const said = await tries(lock.replace(/sha256:.*/, `sha256:${"0".repeat(64)}`) + own, {});
    expect(said).toMatch(/its hash differs\), so nothing was installed\. It is helpful==1\.0/);
  });

  it("no Python", async () => {
    expect(await tries(lock, { PATH: folder("empty") })).toMatch(/needs Python 3\.11 or newer\. Install it: /);
  });

  it("a storage that is no folder", async () => {
    const file = join(folder("storage"), "file");
    writeFileSync(file, "");
    const made = environment(file);
    expect(words(await made.install(made.offer, machine(), quiet, going))).toMatch(/could not be installed.*file/);
  });

  it.each([
    ["ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"],
    ["The virtual environment was not created successfully because ensurepip is not available.", "python3-venv"],
    ["ERROR: No matching distribution found for helpful==2.0", "lacks a package for this machine"],
    ["ERROR: Something new", 'It said: "Something new".'],
    ["", "could not be installed"],
  ])("%j", (said, expected) => {
    expect(failure(said)).toContain(expected);
  });
});

describe("findPython", () => {
  const fake = (says: string, name = "python3"): string => {
    const made = folder("bin");
    writeFileSync(join(made, name), `#!/bin/sh\necho ${says}\n`, { mode: 0o755 });
    return made;
  };
  const find = (folders: string[], opened: string[] = []): ReturnType<typeof findPython> =>
    findPython(thisMachine({ PATH: folders.join(delimiter) }, tmpdir(), opened), tmpdir(), going);

  it("takes the first that is new enough and has venv", async () => {
    const good = fake("3 12 True", "python3.12");
    expect(await find([fake("3 9 True"), fake("3 11 False"), good])).toEqual({ command: join(good, "python3.12"), args: [] });
  });

  it("names what is too old, and what lacks venv", async () => {
    const old = fake("3 9 True");
    expect(words((await find([old])) as Outcome)).toContain(`${join(old, "python3")} is 3.9. Install it: `);
    expect(words((await find([old, fake("3 11 False")])) as Outcome)).toContain("sudo apt install python3.11-venv");
  });

  it("never runs one of an opened folder, nor by a relative entry of PATH", async () => {
    const opened = fake("3 12 True");
    expect(isOpened(join(opened, "python3"), thisMachine({}, tmpdir(), [opened]))).toBe(true);
    expect(await find([opened, ".", ""], [opened])).toHaveProperty("problem");
  });
});

it("knows a build without a server", () => {
  expect(shipped(folder("none"))).toBeUndefined();
});
