/** Sessions as the server tells of them: begun with a goal of the scenario, and waited for. */
import { command, until } from "./support";

export interface Hunk {
  readonly id: string;
  readonly rev: number;
  readonly uri: string;
  readonly after: string;
  readonly status: string;
  readonly note: string;
}

/** A session on the goal, once so many of its hunks wait. */
export async function begun(goal: string, waiting: number): Promise<string> {
  const { session } = await command<{ session: string }>("signoff.startSession", { goal, planFirst: false });
  await until(
    () => hunks(session),
    (all) => all.filter(({ status }) => status === "pending").length === waiting,
    "not all hunks wait",
  );
  return session;
}

export async function hunks(session: string): Promise<readonly Hunk[]> {
  return (await command<{ hunks: readonly Hunk[] }>("signoff.showSession", { session })).hunks;
}

export async function become(session: string, ...wanted: string[]): Promise<void> {
  await until(
    () => hunks(session),
    (all) => all.map(({ status }) => status).join() === wanted.join(),
    `not ${wanted.join()}`,
  );
}
