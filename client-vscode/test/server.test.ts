/** The real server of this checkout, started as the extension starts it, over a real pipe. */
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { StreamMessageReader, StreamMessageWriter, createMessageConnection } from "vscode-jsonrpc/node";
import { findServer, thisMachine, type Launch } from "../src/server/launch";
import { makeSureItEnds, startServer } from "../src/server/process";

const checkout = join(import.meta.dirname, "..", "..");
const program = process.env["SIGNOFF_PATH"] ?? join(checkout, ".venv", "bin", "signoff");

interface InitializeResult {
  capabilities: { textDocumentSync?: unknown; executeCommandProvider?: { commands: string[] } };
  serverInfo?: { name: string };
}

function launch(): Launch {
  if (!existsSync(program)) throw new Error(`no ${program}: run ./dev test, which installs it`);
  const found = findServer(program, thisMachine(process.env, tmpdir()));
  if ("problem" in found) throw new Error(found.problem);
  return found.launch;
}

it("answers initialize, shutdown and exit", async () => {
  const state = mkdtempSync(join(tmpdir(), "signoff-state-"));
  const base = launch();
  const server = startServer({ ...base, args: [...base.args, "--state-dir", state] });
  const connection = createMessageConnection(
    new StreamMessageReader(server.child.stdout),
    new StreamMessageWriter(server.child.stdin),
  );
  connection.listen();
  const result = await connection.sendRequest<InitializeResult>("initialize", {
    processId: process.pid,
    rootUri: null,
    capabilities: { experimental: { signoff: { version: 1 } } },
    initializationOptions: { path: "", trace: "off" },
  });
  expect(result.serverInfo?.name).toBe("signoff");
  expect(result.capabilities.executeCommandProvider?.commands).toContain("signoff.startSession");
  await connection.sendNotification("initialized", {});
  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  const ended = await server.ended;
  expect(ended).toEqual({ code: 0, signal: null, stderr: "" });
  connection.dispose();
});

it("reports a program that ends at once, with its words", async () => {
  const script = "console.error('no pygls'); process.exit(3)";
  const server = startServer({ command: process.execPath, args: ["-e", script] });
  expect(await server.ended).toEqual({ code: 3, signal: null, stderr: "no pygls\n" });
});

it("reports a program that cannot be started", async () => {
  const server = startServer({ command: join(checkout, "no such program"), args: [] });
  const ended = await server.ended;
  expect(ended.code).toBeNull();
  expect(ended.stderr).toContain("ENOENT");
});

it("kills a program that does not end", async () => {
  const server = startServer({ command: process.execPath, args: ["-e", "setInterval(() => {}, 1000)"] });
  expect(await makeSureItEnds(server, 10)).toMatchObject({ code: null, signal: "SIGKILL" });
});
