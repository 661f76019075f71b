/** Messages to the user. They may hold words of models, paths and programs; VS Code would run the commands of links in them. */
import * as vscode from "vscode";
import { said } from "./state/hunkText";

type Say = (words: string, ...choices: string[]) => Thenable<string | undefined>;

export const inform: Say = (words, ...choices) => vscode.window.showInformationMessage(said(words), ...choices);
export const warn: Say = (words, ...choices) => vscode.window.showWarningMessage(said(words), ...choices);
export const complain: Say = (words, ...choices) => vscode.window.showErrorMessage(said(words), ...choices);

/** Something in passing. */
export function say(words: string): void {
  void inform(`Signoff: ${words}`);
}
