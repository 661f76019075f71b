/** All sessions as they are shown now: the server's views by id, and the text of replies that are on their way. */
import type { SessionView } from "../generated/view";

/** What changed of a session: its view, the streamed text alone, or it is not shown any more. */
export interface Change {
  readonly session: string;
  readonly kind: "view" | "text" | "gone";
}

type Listener = (change: Change) => void;

export class Board {
  readonly #views = new Map<string, SessionView>();
  readonly #streamed = new Map<string, string>();
  /** Sessions whose view the server that runs now has not told yet. */
  #unconfirmed = new Set<string>();
  readonly #listeners = new Set<Listener>();

  /** All that are not archived, the newest first (the server lists them so; ones begun later come on top). */
  get sessions(): readonly SessionView[] {
    return [...this.#views.values()].reverse();
  }

  view(session: string): SessionView | undefined {
    return this.#views.get(session);
  }

  /** The part of the next reply that has come so far; "" when none is on its way. */
  streamed(session: string): string {
    return this.#streamed.get(session) ?? "";
  }

  /** Another server runs from now on: what it says of a session counts, even if the last one had told more. */
  restarted(): void {
    this.#unconfirmed = new Set(this.#views.keys());
  }

  /** Shows these, the newest first, and nothing else: after a start of the server. */
  reset(views: readonly SessionView[]): void {
    const now = new Set(views.map((view) => view.session));
    for (const session of [...this.#views.keys()].filter((each) => !now.has(each))) this.#drop(session);
    for (const view of [...views].reverse()) this.put(view);
  }

  /** Shows the session as it is now. An older view than the one that is shown, or an archived session's, is not. */
  put(view: SessionView): void {
    const before = this.#views.get(view.session);
    const first = this.#unconfirmed.delete(view.session);
    if (before !== undefined && before.seq > view.seq && !first) return;
    if (view.phase === "archived") {
      this.#drop(view.session);
      return;
    }
    // A whole message, or a stop, ends the text that led to it.
    if (before?.messages.length !== view.messages.length || !isBusy(view)) this.#streamed.delete(view.session);
    this.#views.set(view.session, view.elsewhere ? setAside(view) : view);
    this.#tell({ session: view.session, kind: "view" });
  }

  /** A piece of a reply. */
  delta(session: string, text: string): void {
    this.#streamed.set(session, this.streamed(session) + text);
    this.#tell({ session, kind: "text" });
  }

  onChange(listener: Listener): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  #drop(session: string): void {
    this.#streamed.delete(session);
    if (this.#views.delete(session)) this.#tell({ session, kind: "gone" });
  }

  #tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}

/** A session of another window: to be resumed here, with nothing to decide before; where its hunks stand is not known. */
function setAside(view: SessionView): SessionView {
  return { ...view, phase: "stopped", waitingFor: [], hunks: [], commands: [], questions: [] };
}

/** Whether the agent works: something may come without the user's doing. */
export function isBusy(view: SessionView): boolean {
  return view.phase === "planning" || view.phase === "working" || view.phase === "checking";
}
