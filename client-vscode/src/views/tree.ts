/** The view of all sessions in the activity bar. */
import * as vscode from "vscode";
import type { Link } from "../server/link";
import type { Board } from "../state/board";
import { visible } from "../state/hunkText";
import { outline, type Node } from "../state/outline";
import { several, waitCount, waitsFor } from "../state/words";

const VIEW = "signoff.sessions";
/** Views come up to ten times a second; so long are their changes gathered, in milliseconds. */
const GATHERED = 50;

class Tree implements vscode.TreeDataProvider<Node> {
  readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  readonly #board: Board;
  #parents = new Map<string, Node>();

  constructor(board: Board) {
    this.#board = board;
  }

  getChildren(node?: Node): readonly Node[] & Node[] {
    return [...(node ? node.children : this.#roots())];
  }

  getParent(node: Node): Node | undefined {
    return this.#parents.get(node.id);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const { None, Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    // The editor remembers the first answer for an id, so that what ended before this window began is closed alone.
    const open = node.context === "session" ? Collapsed : Expanded;
    const item = new vscode.TreeItem(visible(node.label), node.children.length === 0 ? None : open);
    item.id = node.id;
    item.description = visible(node.description);
    // Plain text: it holds what a model wrote.
    item.tooltip = visible(node.details);
    item.contextValue = node.context;
    item.iconPath = new vscode.ThemeIcon(node.icon, node.color === undefined ? undefined : new vscode.ThemeColor(node.color));
    item.accessibilityInformation = { label: visible([node.kind, node.label, node.description].filter(Boolean).join(", ")) };
    if (node.kind === "file" && node.uri !== undefined) {
      item.resourceUri = vscode.Uri.parse(node.uri);
      item.iconPath = vscode.ThemeIcon.File;
    } else {
      item.command = { command: "signoff.openHunk", title: "Open", arguments: [node] };
    }
    return item;
  }

  #roots(): Node[] {
    const roots = outline(this.#board);
    this.#parents = new Map();
    const enter = (parent: Node): void => {
      for (const child of parent.children) {
        this.#parents.set(child.id, parent);
        enter(child);
      }
    };
    roots.forEach(enter);
    return roots;
  }
}

export function tree(board: Board, link: Link): vscode.Disposable {
  const provider = new Tree(board);
  const view = vscode.window.createTreeView(VIEW, { treeDataProvider: provider, showCollapseAll: true });
  let timer: NodeJS.Timeout | undefined;
  const update = (): void => {
    timer = undefined;
    provider.changed.fire(undefined);
    const count = board.sessions.reduce((sum, each) => sum + waitCount(each), 0);
    const asked = board.sessions.flatMap(waitsFor).join(", ");
    view.badge = count === 0 ? undefined : { value: count, tooltip: `${several(count, "thing")} waiting for you: ${asked}` };
  };
  update();
  return vscode.Disposable.from(
    view,
    board.onChange(({ kind }) => {
      if (kind !== "text") timer ??= setTimeout(update, GATHERED);
    }),
    link.onState((state) => {
      view.message = state === "starting" && board.sessions.length > 0 ? "The server is starting …" : "";
    }),
    new vscode.Disposable(() => {
      clearTimeout(timer);
    }),
  );
}
