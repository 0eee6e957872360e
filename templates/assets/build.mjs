// Builds what pages load into builder/_static: bundled, minified, named by content. `manifest.json`
// maps each asset to its built name; the server reads it and lets browsers keep built files for ever.
// Text lies there compressed as well (.br, .gz), so that the server never compresses while one waits.
//
//   node templates/assets/build.mjs [--out FOLDER] [--report]

import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { build } from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, "../..");
const ENTRIES = ["app.js", "form.js", "htmx.js", "kiosk.js", "app.css"];
const ENCODINGS = [[".br", brotliCompressSync], [".gz", (text) => gzipSync(text, { level: 9 })]];
const TEXTS = new Set([".js", ".css", ".svg"]);
const COPIED = new Set([".svg", ".png", ".ico", ".woff2"]);
const TARGET = ["chrome80", "firefox78", "safari15"]; // as old as the browsers in government offices

const { values: options } = parseArgs({
  options: { out: { type: "string", default: path.join(ROOT, "builder/_static") }, report: { type: "boolean" } },
});

/** Bundles scripts and styles into a folder; returns [asset, built name, sources with their bytes]. */
async function bundled(folder) {
  const { metafile } = await build({
    entryPoints: ENTRIES.map((name) => path.join(HERE, name)),
    absWorkingDir: ROOT,
    outdir: folder,
    entryNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    format: "iife",
    target: TARGET,
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  return Object.entries(metafile.outputs).map(([file, made]) => [
    path.basename(made.entryPoint),
    path.basename(file),
    Object.fromEntries(Object.entries(made.inputs).map(([source, { bytesInOutput }]) => [source, bytesInOutput])),
  ]);
}

/** Copies pictures and fonts, named by their content like the rest. */
async function copied(folder) {
  const made = [];
  for (const name of (await readdir(HERE)).sort()) {
    const { name: stem, ext } = path.parse(name);
    if (!COPIED.has(ext)) continue;
    const hash = createHash("sha256").update(await readFile(path.join(HERE, name))).digest("hex");
    const built = `${stem}-${hash.slice(0, 8).toUpperCase()}${ext}`;
    await cp(path.join(HERE, name), path.join(folder, built));
    made.push([name, built, {}]);
  }
  return made;
}

/** Writes each text once more by every encoding that makes it smaller. */
async function compressed(folder, names) {
  for (const name of names.filter((built) => TEXTS.has(path.extname(built)))) {
    const text = await readFile(path.join(folder, name));
    for (const [ending, compress] of ENCODINGS) {
      const packed = compress(text);
      if (packed.length < text.length) await writeFile(path.join(folder, name + ending), packed);
    }
  }
}

/** Builds beside the old folder and puts the new one in its place only when whole. */
async function main() {
  const out = path.resolve(options.out);
  const fresh = `${out}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const made = [...(await bundled(fresh)), ...(await copied(fresh))];
  const manifest = Object.fromEntries(made.map(([asset, built]) => [asset, built]).sort());
  await compressed(fresh, Object.values(manifest));
  await writeFile(path.join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(out, { recursive: true, force: true });
  await rename(fresh, out);
  if (options.report) {
    console.log(JSON.stringify(Object.fromEntries(made.map(([asset, , sources]) => [asset, sources]))));
  }
}

await main();
