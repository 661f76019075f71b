// Writes the TypeScript types of the protocol and the settings in package.json from schemas/*.json.
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
const names = ["commands", "context", "view"];
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

// The server's settings, for VS Code's settings editor. Scope "machine": a workspace must not be able to loosen a policy.
const settings = (await schemaOf("settings")).properties;
const manifestPath = join(import.meta.dirname, "package.json");
const manifest = JSON.parse(await readFile(manifestPath, "utf8"));
const configuration = manifest.contributes.configuration;
const own = ["signoff.path", "signoff.trace"].map((key) => [key, configuration.properties[key]]);
const shared = Object.entries(settings).map(([name, { description, ...type }]) => [
  `signoff.${name}`,
  { ...type, scope: "machine", markdownDescription: description ?? "" },
]);
configuration.properties = Object.fromEntries([...own, ...shared]);
await put(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);

if (check && stale.length > 0) {
  console.error(`stale in client-vscode: ${stale.join(", ")}. Run: npm run generate`);
  process.exit(1);
}
