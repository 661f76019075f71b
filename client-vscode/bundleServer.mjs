// Puts the server into the package: the wheel that ./dev package made, and the lock with the wheel's hash added.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const server = join(import.meta.dirname, "server");

mkdirSync(dist, { recursive: true });
rmSync(server, { recursive: true, force: true });
const wheels = readdirSync(dist).filter((name) => /^signoff-.*\.whl$/.test(name));
const [wheel] = wheels;
if (wheels.length > 1) throw new Error(`more than one wheel in dist/: ${wheels.join(", ")}`);
if (wheel === undefined) {
  console.error("no wheel in dist/ (./dev package makes it): this package has no server with it");
} else {
  mkdirSync(server);
  copyFileSync(join(dist, wheel), join(server, wheel));
  const hash = createHash("sha256").update(readFileSync(join(dist, wheel))).digest("hex");
  const lock = readFileSync(join(root, "requirements", "core.txt"), "utf8");
  writeFileSync(join(server, "requirements.txt"), `${lock.trimEnd()}\n./${wheel} \\\n    --hash=sha256:${hash}\n`);
  console.error(`with ${wheel} (${Math.round(statSync(join(dist, wheel)).size / 1_000)} kB)`);
}
