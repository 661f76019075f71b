import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeEnd, doctor, findServer, inWords, ownServer, thisMachine, type Machine } from "../src/server/launch";

function machine(path: string, ...programs: string[]): Machine {
  const isProgram = (file: string): boolean => programs.includes(file);
  return { env: {}, path, platform: "linux", home: "/home/u", folders: ["/opened"], isProgram };
}

describe("findServer", () => {
  it("takes the setting before PATH", () => {
    const found = findServer("/a/signoff", machine("/b", "/a/signoff", "/b/signoff"));
    expect(found).toEqual({ launch: { command: "/a/signoff", args: ["server", "--stdio"] } });
  });

  it("takes the first program on PATH", () => {
    const path = ["/none", "/b", "/c"].join(delimiter);
    const found = findServer(" ", machine(path, "/b/signoff", "/c/signoff"));
    expect(found).toMatchObject({ launch: { command: "/b/signoff" } });
  });

  it("takes the environment of its own before PATH, but after the setting", () => {
    const here = machine("/b", "/a/signoff", "/b/signoff");
    const own = ownServer("/s/bin/python");
    expect(findServer("", here, own)).toEqual({ launch: own });
    expect(findServer("/a/signoff", here, own)).toMatchObject({ launch: { command: "/a/signoff" } });
  });

  it("leaves out what is in an opened folder, unless it is set", () => {
    const path = ["/opened/.venv/bin", "/b"].join(delimiter);
    const program = "/opened/.venv/bin/signoff";
    expect(findServer("", machine(path, program, "/b/signoff"))).toMatchObject({ launch: { command: "/b/signoff" } });
    expect(findServer("", machine(path, program))).toHaveProperty(
      "problem",
      expect.stringContaining(`(${program} is in an opened folder and not used unasked)`),
    );
    expect(findServer(program, machine(path, program))).toHaveProperty("launch");
  });

  it("leaves out a link into an opened folder", () => {
    const folder = mkdtempSync(join(tmpdir(), "signoff-launch-"));
    mkdirSync(join(folder, "opened"));
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "opened", "signoff"), "#!/bin/sh\n", { mode: 0o755 });
    symlinkSync(join(folder, "opened", "signoff"), join(folder, "bin", "signoff"));
    const env = { PATH: join(folder, "bin") };
    expect(findServer("", thisMachine(env, "/home/u", [join(folder, "opened")]))).toHaveProperty("problem");
    expect(findServer("", thisMachine(env, "/home/u"))).toHaveProperty("launch");
  });

  it("expands the home folder", () => {
    expect(findServer("~/bin/signoff", machine("", "/home/u/bin/signoff"))).toMatchObject({
      launch: { command: "/home/u/bin/signoff" },
    });
  });

  it("never uses a relative PATH entry", () => {
    const path = ["", ".", "bin"].join(delimiter);
    expect(findServer("", machine(path, "signoff", "bin/signoff"))).toHaveProperty("problem");
  });

  it.each([
    ["bin/signoff", "must be an absolute path"],
    ["/gone/signoff", 'names "/gone/signoff", which is no program'],
    ["", "not on PATH. Install it"],
  ])("says what is wrong with %j", (configured, words) => {
    const found = findServer(configured, machine("/b"));
    expect(found).toHaveProperty("problem", expect.stringContaining(words));
  });

  it("looks for signoff.exe on Windows", () => {
    const windows: Machine = { ...machine("/b", "/b/signoff.exe"), platform: "win32" };
    expect(findServer("", windows)).toMatchObject({ launch: { command: "/b/signoff.exe" } });
  });

  it("refuses a file that is not executable, and a folder", () => {
    const folder = mkdtempSync(join(tmpdir(), "signoff launch "));
    const program = join(folder, "signoff");
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o644 });
    const here = thisMachine({ PATH: folder }, "/home/u");
    expect(findServer("", here)).toHaveProperty("problem");
    expect(findServer(folder, here)).toHaveProperty("problem");
    chmodSync(program, 0o755);
    expect(findServer("", here)).toMatchObject({ launch: { command: program } });
  });
});

describe("describeEnd", () => {
  const launch = { command: "/a/signoff", args: ["server", "--stdio"] };

  it("quotes the last line that the server wrote", () => {
    const words = describeEnd(launch, { code: 1, signal: null, stderr: "Traceback\nNo module named pygls\n" });
    expect(words).toContain('ended (exit code 1). It said: "No module named pygls".');
  });

  it("names the signal, and that nothing was written", () => {
    const words = describeEnd(launch, { code: null, signal: "SIGKILL", stderr: "" });
    expect(words).toContain("ended (signal SIGKILL). It wrote no message.");
  });

  it("names the commands as they are typed", () => {
    expect(doctor(launch)).toBe("/a/signoff doctor");
    expect(doctor(ownServer("/Application Support/bin/python"))).toBe('"/Application Support/bin/python" -I -m signoff doctor');
    expect(inWords(launch)).toBe("/a/signoff server --stdio");
  });
});
