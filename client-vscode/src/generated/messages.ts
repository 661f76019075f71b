// Written by `npm run generate` from schemas/; edits are lost.

/**
 * The parameters of each notification and request of our own, by method. Those of `signoff/sessionChanged` are a SessionView.
 */
export interface Messages {
  "signoff/diagnostics": Diagnostics;
  "signoff/outputDelta": OutputDelta;
  "signoff/setApiKey": SetApiKey;
  "signoff/trust": Trust;
  "signoff/viewed": Viewed;
}
/**
 * `signoff/diagnostics`, to the server: all LSP diagnostics that others report of the document now.
 */
export interface Diagnostics {
  diagnostics: {
    [k: string]: unknown;
  }[];
  uri: string;
}
/**
 * `signoff/outputDelta`, to the client: the next piece of the reply that is on its way.
 */
export interface OutputDelta {
  session: string;
  text: string;
}
/**
 * `signoff/setApiKey`, a request to the server, answered with `{}`: the key to ask the endpoint with.
 *
 * It is kept in memory only; null forgets it.
 */
export interface SetApiKey {
  key: string | null;
}
/**
 * `signoff/trust`, to the server: whether the editor's user trusts the window's folders now.
 */
export interface Trust {
  trusted: boolean;
}
/**
 * `signoff/viewed`, to the server: what the user looked at, the latest last.
 */
export interface Viewed {
  places: ViewedPlace[];
}
/**
 * A document that the user looked at.
 */
export interface ViewedPlace {
  uri: string;
}
