// A language server that misbehaves as its first argument says. Its second argument, if any, is a file to which it adds
// a line for each start.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createMessageConnection, ResponseError, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";

const [, , manner, starts] = process.argv;
const before = starts !== undefined && existsSync(starts) ? readFileSync(starts, "utf8").split("\n").length - 1 : 0;
if (starts !== undefined) appendFileSync(starts, `${process.pid}\n`);

if (manner === "crash" || (manner === "crash twice" && before < 2)) {
  console.error("Traceback\nno pygls");
  process.exit(3);
}
if (manner === "garbage") console.log("Welcome to this program, please log in");
if (manner === "deaf") {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: ["ignore", "inherit", "inherit"] });
  appendFileSync(starts, `${child.pid}\n`);
  process.on("SIGTERM", () => undefined);
  setInterval(() => undefined, 1000);
}
if (manner === "garbage" || manner === "slow") setInterval(() => undefined, 1000);
else serve();

function serve() {
  const connection = createMessageConnection(
    new StreamMessageReader(process.stdin),
    new StreamMessageWriter(process.stdout),
  );
  connection.onRequest("initialize", () => {
    if (manner === "refuse") throw new ResponseError(-32603, "the journal is of a newer version");
    const executeCommandProvider = manner === "errors" ? { commands: ["signoff.startSession"] } : undefined;
    const experimental = { new: { signoff: { version: 2 } }, old: undefined }[manner];
    return {
      capabilities: {
        experimental: manner in { new: 1, old: 1 } ? experimental : { signoff: { version: 1 } },
        executeCommandProvider,
      },
      serverInfo: { name: manner === "other" ? "pylsp" : "signoff", version: "9.9" },
    };
  });
  connection.onRequest("workspace/executeCommand", () => {
    throw new ResponseError(-32603, "the disk is full");
  });
  connection.onRequest("shutdown", () => (manner === "deaf" ? new Promise(() => undefined) : null));
  connection.onNotification("exit", () => {
    if (manner !== "deaf") process.exit(0);
  });
  connection.onNotification("die", () => process.exit(7));
  connection.listen();
}
