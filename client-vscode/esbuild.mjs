// Bundles the extension into one file; `--minify` for the package that users install.
import { build } from "esbuild";

const minify = process.argv.includes("--minify");

await build({
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  minify,
  sourcemap: minify ? false : "linked",
  logLevel: "warning",
});
