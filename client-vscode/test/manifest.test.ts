/** What package.json promises to the editor, against itself, the texts beside it and the sources. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const text = readFileSync(join(root, "package.json"), "utf8");
const texts = JSON.parse(readFileSync(join(root, "package.nls.json"), "utf8")) as Record<string, string>;

interface Entry {
  command?: string;
  when?: string;
  submenu?: string;
}
interface Setting {
  enum?: string[];
  items?: Setting;
  scope?: string;
  order?: number;
  markdownDescription: string;
  markdownEnumDescriptions?: string[];
}
interface Manifest {
  contributes: {
    commands: { command: string; title: string; icon: string }[];
    keybindings: { command: string; key: string; mac: string; when?: string }[];
    menus: Record<string, Entry[]>;
    submenus: { id: string }[];
    views?: Record<string, { id: string }[]>;
    configuration: { properties: Record<string, Setting> };
  };
}
const { contributes } = JSON.parse(text) as Manifest;

function sources(folder = join(root, "src")): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== "generated")
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? sources(path) : [path];
    });
}

it("has a text for every key, and no text that nothing uses", () => {
  const used = new Set(Array.from(text.matchAll(/"%([^%"]+)%"/g), (found) => found[1] ?? ""));
  expect([...used].filter((key) => !(key in texts))).toEqual([]);
  expect(Object.keys(texts).filter((key) => !used.has(key))).toEqual([]);
});

it("names only declared commands and submenus in menus and keys", () => {
  const declared = new Set(contributes.commands.map(({ command }) => command));
  const entries = [...Object.values(contributes.menus).flat(), ...contributes.keybindings];
  const named = entries.flatMap((entry) => (entry.command?.startsWith("signoff.") ? [entry.command] : []));
  expect(named.filter((command) => !declared.has(command))).toEqual([]);
  const submenus = new Set(contributes.submenus.map(({ id }) => id));
  const opened = entries.flatMap((entry) => ("submenu" in entry && entry.submenu ? [entry.submenu] : []));
  expect(opened.filter((submenu) => !submenus.has(submenu))).toEqual([]);
});

it("says in the palette when each command makes sense, except those that always do", () => {
  const always = ["startTask", "setApiKey", "restartServer", "showOutput", "copyDebugInformation", "showMenu"];
  const conditional = new Set(contributes.menus["commandPalette"]?.map(({ command }) => command));
  const others = contributes.commands.map(({ command }) => command).filter((command) => !conditional.has(command));
  expect(others.sort()).toEqual(always.map((name) => `signoff.${name}`).sort());
});

it("asks only for context keys that the client sets", () => {
  const set = new Set(readFileSync(join(root, "src", "contextKeys.ts"), "utf8").match(/^ {4}(\w+):/gm)?.map((line) => line.trim().slice(0, -1)));
  const conditions = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map((entry) => entry.when ?? "");
  const views = new Set(Object.values(contributes.views ?? {}).flat().map(({ id }) => id));
  const asked = conditions.flatMap((when) => when.match(/\bsignoff\.\w+/g) ?? []).filter((key) => !views.has(key));
  expect(asked.map((key) => key.slice("signoff.".length)).filter((key) => !set.has(key))).toEqual([]);
});

it("gives each key to one command", () => {
  const keys = contributes.keybindings.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  for (const { key, mac } of contributes.keybindings) expect(mac).toBe(key.replace("ctrl+", "cmd+"));
});

it("stays small: no file over 300 lines, and what there is has to earn its place", () => {
  const lines = sources().map((path) => readFileSync(path, "utf8").split("\n").length - 1);
  expect(lines.reduce((sum, each) => sum + each, 0)).toBeLessThan(4_150);
  expect(Math.max(...lines)).toBeLessThanOrEqual(300);
});

it("says what each setting and each of its values means, in words of their own", () => {
  const settings = Object.values(contributes.configuration.properties);
  const said = settings.map(({ markdownDescription }) => texts[markdownDescription.slice(1, -1)]);
  expect(new Set(said).size).toBe(settings.length);
  const closed = settings.map((setting) => setting.items ?? setting).filter((setting) => setting.enum !== undefined);
  expect(closed.filter((setting) => setting.markdownEnumDescriptions?.length !== setting.enum?.length)).toEqual([]);
});

it("lets no workspace set what the agent may do", () => {
  const settings = Object.entries(contributes.configuration.properties);
  expect(settings.filter(([, { scope }]) => scope !== "machine").map(([name]) => name)).toEqual(["signoff.trace"]);
});

it("shows first the settings that are wanted first", () => {
  const ordered = Object.entries(contributes.configuration.properties).filter(([, { order }]) => order !== undefined);
  const names = ordered.sort(([, one], [, other]) => (one.order ?? 0) - (other.order ?? 0)).map(([name]) => name);
  expect(names).toEqual(["signoff.baseUrl", "signoff.model", "signoff.plan", "signoff.maxCost"]);
});
