// Written by `npm run generate` from schemas/; edits are lost.

/**
 * The answer of `signoff.status`.
 *
 * `model` is the one that a new session asks first, `local` whether it runs on this machine. `unready` says in words
 * why a new session would get no answer, and what to do about it; null where nothing is known to be missing.
 * `restricted`: the editor limits the window, whatever was trusted before. `sessions` counts those of the open folders
 * by phase. `workflows` are names.
 */
export interface ServerStatus {
  endpoint: EndpointFacts;
  local: boolean;
  model: string;
  restricted: boolean;
  server: ServerFacts;
  sessions: {
    [k: string]: number;
  };
  unready: string | null;
  workflows: string[];
  workspaces: WorkspaceFacts[];
}
/**
 * Where requests go, without user and password.
 *
 * `configured`: the user said whom to ask: a key, an endpoint of their own, or a local model, which needs neither.
 */
export interface EndpointFacts {
  baseUrl: string;
  configured: boolean;
}
/**
 * The program that answers; `python` is the version that executes it.
 */
export interface ServerFacts {
  name: string;
  python: string;
  version: string;
}
/**
 * An open folder, and whether programs may run in it and its own instructions are read.
 */
export interface WorkspaceFacts {
  trusted: boolean;
  uri: string;
}
