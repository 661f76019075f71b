// Writes the TypeScript types of the protocol from schemas/*.json. With --check: writes nothing, names what is stale.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
const names = ["commands.json", "view.json"];
await mkdir(generated, { recursive: true });
const stale = [];
const wanted = new Set();
for (const name of names) {
  const schema = JSON.parse(await readFile(join(schemas, name), "utf8"));
  const target = name.replace(/\.json$/, ".ts");
  const text = (await compile(schema, schema.title, options)).replace(REFERENCED, "");
  wanted.add(target);
  const path = join(generated, target);
  const before = await readFile(path, "utf8").catch(() => undefined);
  if (before === text) continue;
  stale.push(target);
  if (!check) await writeFile(path, text);
}
for (const left of (await readdir(generated)).filter((name) => !wanted.has(name))) {
  stale.push(left);
  if (!check) await rm(join(generated, left));
}
if (check && stale.length > 0) {
  console.error(`stale in client-vscode/src/generated: ${stale.join(", ")}. Run: npm run generate`);
  process.exit(1);
}
