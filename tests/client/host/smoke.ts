/** The extension starts in VS Code, and a session begun by command shows its plan where it was begun. */
import { strictEqual, ok } from "node:assert/strict";
import { activated, actions, command, diagnostics, file, open, test, until } from "./support";

interface Started {
  readonly session: string;
}

test("the extension is active and its server runs", async () => {
  ok((await activated()).isActive);
  await until(
    () => command<unknown>("signoff.status", {}),
    (answer) => typeof answer === "object" && answer !== null,
  );
});

test("a session started by command shows its plan as a diagnostic with actions", async () => {
  const uri = file("calc.py");
  await open("calc.py");
  const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 4 } };
  const { session } = await command<Started>("signoff.startSession", { goal: "Add types", uri: uri.toString(), range });
  ok(session.length > 0);
  const [plan] = await until(
    () => diagnostics(uri),
    (found) => found.length === 1,
  );
  strictEqual(plan?.code, "plan");
  strictEqual(plan.range.start.line, 1);
  ok(plan.message.includes("1. Annotate add"), plan.message);
  await until(
    () => actions(uri, 1),
    (found) => found.some((each) => each.title === "Signoff: Approve plan"),
  );
});
