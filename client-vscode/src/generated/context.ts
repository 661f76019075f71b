// Written by `npm run generate` from schemas/; edits are lost.

/**
 * What the model would be told: fragments in the order in which it reads them, files best first.
 *
 * `tokens` is the size of all fragments, at most `budget`; `left_out` names what did not fit. `ready` is what the
 * codebase was searched with; None when it was not searched.
 */
export interface ContextView {
  budget: number;
  files: RankedFile[];
  fragments: Fragment[];
  left_out: string[];
  ready: ("lexical" | "full") | null;
  tokens: number;
}
/**
 * A file of the workspace and how likely it is that the task needs it: the higher the score the better.
 */
export interface RankedFile {
  path: string;
  score: number;
}
/**
 * One piece of text. `score` orders the fragments of one source: the higher the better. `why` is a few words.
 */
export interface Fragment {
  end_line: number;
  path: string;
  score: number;
  source:
    | "codebase"
    | "recent changes"
    | "buffers"
    | "diagnostics"
    | "error history"
    | "performance data"
    | "user preferences"
    | "memory";
  start_line: number;
  text: string;
  tokens: number;
  why: string;
}
