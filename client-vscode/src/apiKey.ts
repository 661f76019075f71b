/** The key of the model endpoint: kept in the editor's secret storage, told to the server once it runs, nowhere else. */
import * as vscode from "vscode";
import { complain } from "./say";
import type { Link } from "./server/link";

const NAME = "signoff.apiKey";

export class ApiKey {
  readonly #secrets: vscode.SecretStorage;
  readonly #link: Link;

  constructor(secrets: vscode.SecretStorage, link: Link) {
    this.#secrets = secrets;
    this.#link = link;
  }

  /** Keeps up with the server's starts, and with other windows. */
  follow(): vscode.Disposable {
    return vscode.Disposable.from(
      this.#link.onState((state) => {
        if (state === "running") void this.#send(false);
      }),
      this.#secrets.onDidChange((change) => {
        if (change.key === NAME) void this.#send(true);
      }),
    );
  }

  /** Signoff: Set API Key. Empty input forgets the key. */
  async ask(): Promise<void> {
    const key = await vscode.window.showInputBox({
      title: "Set API Key",
      prompt: "The key of the model endpoint. It is kept in the editor's secret storage. Leave empty to forget it.",
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) return;
    // The change is heard above, here and in other windows.
    if (key.trim() === "") await this.#secrets.delete(NAME);
    else await this.#secrets.store(NAME, key.trim());
  }

  /** `forgotten`: an absent key is news. At a start it is not: the server may have one from its environment. */
  async #send(forgotten: boolean): Promise<void> {
    const key = (await this.#secrets.get(NAME)) ?? null;
    if ((key === null && !forgotten) || this.#link.state !== "running") return;
    try {
      await this.#link.requestInSecret("signoff/setApiKey", { key });
    } catch {
      void complain("Signoff: the server did not take the API key. Restart it and try again.");
    }
    await this.#link.refresh();
  }
}
