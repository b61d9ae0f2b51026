// Builds the package into the folder that is named: `node build.mjs dist`. Types are checked, and the sizes are printed.
// With `--scripts-only`, neither types nor their declarations: a second instead of several.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const here = import.meta.dirname ?? dirname(new URL(import.meta.url).pathname);
const [out = join(here, "dist"), only] = process.argv.slice(2);
const usual = { absWorkingDir: here, bundle: true, target: "es2020", charset: "utf8", logLevel: "warning" };

const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
if (only !== "--scripts-only") execFileSync(process.execPath, [tsc, "--project", here, "--outDir", out], { stdio: "inherit" });
await build({ ...usual, entryPoints: ["src/index.ts"], outfile: join(out, "watchbell.js"), format: "esm", external: ["web-vitals"] });
await build({ ...usual, entryPoints: ["src/script.ts"], outfile: join(out, "watchbell.min.js"), format: "iife", minify: true });

const file = readFileSync(join(out, "watchbell.min.js"));
console.log(`watchbell.min.js: ${file.length} bytes, ${gzipSync(file, { level: 9 }).length} with gzip`);
