/** Marks at the lines of waiting hunks: an icon in the gutter, a mark in the overview ruler, a background. */
import * as vscode from "vscode";
import { lookOf, LOOKS, type Look } from "../state/hunkLook";
import type { LivePlaces } from "./places";

export function hunkMarks(places: LivePlaces): vscode.Disposable {
  const types = new Map(LOOKS.map((look) => [look.id, decoration(look)]));
  const mark = (editor: vscode.TextEditor): void => {
    const found = new Map<string, vscode.Range[]>(LOOKS.map((look) => [look.id, []]));
    for (const { hunk } of places.hidden ? [] : places.hunksIn(editor.document.uri.toString())) {
      const { id, first, last } = lookOf(hunk);
      found.get(id)?.push(new vscode.Range(first, 0, last, 0));
    }
    for (const [id, type] of types) editor.setDecorations(type, found.get(id) ?? []);
  };
  const all = (uri?: vscode.Uri): void => {
    for (const editor of vscode.window.visibleTextEditors) {
      // The sides of a diff, which has its own colours, are in no column.
      const shown = editor.viewColumn !== undefined;
      if (shown && (uri === undefined || editor.document.uri.toString() === uri.toString())) mark(editor);
    }
  };
  all();
  return vscode.Disposable.from(
    ...types.values(),
    places.onChange(all),
    vscode.window.onDidChangeVisibleTextEditors(() => {
      all();
    }),
  );
}

function decoration({ status, icon, insertion }: Look): vscode.TextEditorDecorationType {
  const colour = new vscode.ThemeColor(`signoff.${status}HunkForeground`);
  return vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    overviewRulerColor: colour,
    overviewRulerLane: vscode.OverviewRulerLane.Left,
    gutterIconSize: "contain",
    // Nothing stands yet where lines are only put: a line drawn above the next one, not a colour on it.
    ...(insertion
      ? { borderColor: colour, borderStyle: "dashed", borderWidth: "1px 0 0 0" }
      : { backgroundColor: new vscode.ThemeColor(`signoff.${status}HunkBackground`) }),
    light: { gutterIconPath: vscode.Uri.parse(icon.light) },
    dark: { gutterIconPath: vscode.Uri.parse(icon.dark) },
  });
}
