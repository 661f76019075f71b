// Writes the TypeScript types of the protocol, and the settings in package.json with their words in package.nls.json,
// from schemas/*.json.
// With --check: writes nothing, names what is stale.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { compile } from "json-schema-to-typescript";

const schemas = join(import.meta.dirname, "..", "schemas");
const generated = join(import.meta.dirname, "src", "generated");
const check = process.argv.includes("--check");

const options = {
  additionalProperties: false,
  bannerComment: "// Written by `npm run generate` from schemas/; edits are lost.",
  format: true,
  unknownAny: true,
  unreachableDefinitions: true,
  cwd: schemas,
  style: { printWidth: 110 },
};

// The journal and the model's tools never reach a client.
// The generator's remark on every definition, which says nothing that the file does not show.
const REFERENCED = /\n \*\n \* This interface was referenced by `\w+`'s JSON-Schema\n \* via the `definition` "\w+"\./g;
const names = ["commands", "context", "messages", "status", "view"];
await mkdir(generated, { recursive: true });
const stale = [];

/** Notes that a file is stale, and writes it unless this is a check. */
async function put(path, text) {
  const before = await readFile(path, "utf8").catch(() => undefined);
  if (before === text) return;
  stale.push(relative(import.meta.dirname, path));
  if (!check) await writeFile(path, text);
}

async function schemaOf(name) {
  return JSON.parse(await readFile(join(schemas, `${name}.json`), "utf8"));
}

for (const name of names) {
  const schema = await schemaOf(name);
  const text = await compile(schema, schema.title, options);
  await put(join(generated, `${name}.ts`), text.replace(REFERENCED, ""));
}
for (const left of (await readdir(generated)).filter((file) => !names.includes(file.replace(/\.ts$/, "")))) {
  stale.push(join("src", "generated", left));
  if (!check) await rm(join(generated, left));
}

/** The settings of the client alone, in the shape of the server's. */
const own = {
  path: {
    type: "string",
    default: "",
    description: "The server's program, as an absolute path. Empty: the one that *Signoff: Install Server* installed, else `signoff` on the `PATH`.",
  },
  trace: {
    type: "string",
    default: "off",
    description: "What of the messages between the editor and the server is written to the output *Signoff*.",
    enum: ["off", "messages", "verbose"],
    enumDescriptions: ["None.", "Which messages, and when.", "All of every message, your code included."],
    scope: "window",
  },
};

/** The keys of package.nls.json that are written here, with their texts. */
const texts = {};
function text(key, words) {
  // Another setting's name is a link in the settings editor.
  texts[key] = words.replace(/`(signoff\.\w+)`/g, "`#$1#`");
  return `%${key}%`;
}

/** `recent changes` is `recentChanges`: keys of texts are single words. */
const keyed = (value) => value.replace(/[^a-z]+(\w)/gi, (_, letter) => letter.toUpperCase());

/** A setting with keys in place of its words, under the names that VS Code reads as Markdown. */
function setting(name, { description, items, ...type }) {
  const { enumDescriptions, ...values } = items ?? type;
  const described = enumDescriptions?.map((words, index) => text(`config.${name}.${keyed(values.enum[index])}`, words));
  const worded = described === undefined ? values : { ...values, markdownEnumDescriptions: described };
  return {
    // Scope "machine": a workspace must not be able to loosen a policy.
    scope: "machine",
    ...(items === undefined ? worded : { ...type, uniqueItems: true, items: worded }),
    markdownDescription: text(`config.${name}`, description),
  };
}

const manifestPath = join(import.meta.dirname, "package.json");
const manifest = JSON.parse(await readFile(manifestPath, "utf8"));
const settings = { ...(await schemaOf("settings")).properties, ...own };
manifest.contributes.configuration.properties = Object.fromEntries(
  Object.entries(settings)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, schema]) => [`signoff.${name}`, setting(name, schema)]),
);
await put(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);

const textsPath = join(import.meta.dirname, "package.nls.json");
const others = Object.entries(JSON.parse(await readFile(textsPath, "utf8"))).filter(([key]) => !key.startsWith("config."));
const all = Object.fromEntries([...others, ...Object.entries(texts)].sort(([one], [other]) => (one < other ? -1 : 1)));
await put(textsPath, `${JSON.stringify(all, null, 2)}\n`);

if (check && stale.length > 0) {
  console.error(`stale in client-vscode: ${stale.join(", ")}. Run: npm run generate`);
  process.exit(1);
}
