import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeEnd, findServer, thisMachine, type Machine } from "../src/server/launch";

function machine(path: string, ...programs: string[]): Machine {
  return { path, platform: "linux", home: "/home/u", isProgram: (file) => programs.includes(file) };
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
  it("quotes the last line that the server wrote", () => {
    const words = describeEnd("/a/signoff", { code: 1, signal: null, stderr: "Traceback\nNo module named pygls\n" });
    expect(words).toContain("ended (exit code 1). It said: \"No module named pygls\".");
    expect(words).toContain('"/a/signoff doctor"');
  });

  it("names the signal, and that nothing was written", () => {
    const words = describeEnd("/a/signoff", { code: null, signal: "SIGKILL", stderr: "" });
    expect(words).toContain("ended (signal SIGKILL). It wrote no message.");
  });
});
