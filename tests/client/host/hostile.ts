/** Files that an edit can't go into, or of which there is far too much: words, and nothing that is lost or in the way. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { become, begun, hunks, type Hunk } from "./sessions";
import { activated, command, diagnostics, file, onDisk, open, test, until } from "./support";

/** How long five hundred hunks may take on a busy machine, in milliseconds; by itself it is some seconds. */
const LONG = 60_000;

interface Answer {
  readonly status: string;
  readonly reason: string | null;
}

async function approve(hunk: Hunk | undefined): Promise<Answer> {
  ok(hunk);
  return command<Answer>("signoff.approveHunk", { hunk: hunk.id, rev: hunk.rev });
}

test("a hunk of a file that VS Code keeps read-only goes into the editor alone when it is approved, and can be undone", async () => {
  await activated();
  const editor = await open("kept.py");
  const before = editor.document.getText();
  const session = await begun("Rename in kept", 1);
  await approve((await hunks(session))[0]);
  await become(session, "applied");
  strictEqual(onDisk("kept.py"), before);
  deepStrictEqual((await command<{ unsaved: string[] }>("signoff.showSession", { session })).unsaved, [file("kept.py").toString()]);
  const [applied] = await hunks(session);
  ok(applied);
  await command("signoff.undoHunk", { hunk: applied.id, rev: applied.rev });
  await become(session, "undone");
  strictEqual(editor.document.getText(), before);
});

test("an edit of a binary goes back to the agent, and the rest of its work is shown", async () => {
  const before = onDisk("picture.png");
  const session = await begun("Paint", 1);
  deepStrictEqual(
    (await hunks(session)).map(({ uri }) => uri),
    [file("painter.py").toString()],
  );
  strictEqual(onDisk("picture.png"), before);
});

test("hunks of a file that becomes a binary are stale, and say why", async () => {
  const session = await begun("Rename in turned", 1);
  writeFileSync(file("turned.py").fsPath, Buffer.from([0, 1, 2, 3]));
  await become(session, "stale");
  strictEqual((await hunks(session))[0]?.note, "The file is gone, or can't be read as text. Bring it back, or reject the hunk.");
});

test("five hundred hunks in ten thousand lines are shown, approved and undone like five", async () => {
  const editor = await open("huge.py");
  const before = editor.document.getText();
  const session = await begun("Rename in huge", 500);
  // One more says how many others there are.
  await until(
    () => diagnostics(editor.document.uri).length,
    (count) => count === 201,
    "not marked",
  );
  const all = (await hunks(session)).map(({ id, rev }) => ({ hunk: id, rev }));
  await command("signoff.approveAll", { session, hunks: all });
  await until(
    () => hunks(session),
    (found) => found.every(({ status }) => status === "applied"),
    "not all are applied",
    LONG,
  );
  strictEqual(editor.document.getText().split("renamed").length, 501);
  await command("undo");
  strictEqual(editor.document.getText(), before);
  await until(
    () => hunks(session),
    (found) => found.every(({ status }) => status === "pending"),
    "not all wait again",
    LONG,
  );
});
