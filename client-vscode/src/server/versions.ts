/** Whether client and server understand each other, by the server's answer to initialize. */
import type { InitializeResult } from "vscode-languageclient";
import { inWords, type Launch } from "./launch";

/** The version of the signoff/* messages that this client speaks. */
export const PROTOCOL = 1;

/** What to update, and how; undefined when the server speaks this client's version. */
export function versionProblem(answer: InitializeResult, launch: Launch): string | undefined {
  const { name, version = "of unknown version" } = answer.serverInfo ?? { name: "" };
  if (name !== "signoff") {
    const what = name === "" ? "a language server without a name" : `the language server ${name}`;
    return `Signoff: ${inWords(launch)} is ${what}. Set signoff.path to the absolute path of the program signoff.`;
  }
  const spoken = protocolOf(answer.capabilities.experimental);
  if (spoken === PROTOCOL) return undefined;
  if (spoken !== undefined && spoken > PROTOCOL) {
    return (
      `Signoff: the server ${version} (${launch.command}) is newer than this extension: it speaks protocol ${spoken}, ` +
      `the extension ${PROTOCOL}. Update the extension Signoff.`
    );
  }
  const how =
    launch.own === true
      ? "Install the server again."
      : `Update it (pip install --upgrade signoff, with the pip beside ${launch.command}), or let signoff.path name another.`;
  return `Signoff: the server ${version} (${launch.command}) is too old for this extension. ${how}`;
}

function protocolOf(experimental: unknown): number | undefined {
  const signoff = member(experimental, "signoff");
  const version = member(signoff, "version");
  return typeof version === "number" ? Math.trunc(version) : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
