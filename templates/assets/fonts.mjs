// Puts the Chinese fonts that documents are set in into builder/_fonts, with their licence. They are not
// page assets: no browser loads them, so they lie beside builder/_static, not in it.
//
//   node templates/assets/fonts.mjs [--out FOLDER]

import { cp, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const SERIF = "@expo-google-fonts/noto-serif-sc/";
const SANS = "@expo-google-fonts/noto-sans-sc/";
const FONTS = [
  [SERIF, "400Regular", "NotoSerifSC_400Regular.ttf"],
  [SERIF, "700Bold", "NotoSerifSC_700Bold.ttf"],
  [SANS, "400Regular", "NotoSansSC_400Regular.ttf"],
  [SANS, "700Bold", "NotoSansSC_700Bold.ttf"],
];

const { values: options } = parseArgs({
  options: { out: { type: "string", default: path.join(ROOT, "builder/_fonts") } },
});

/** Tells whether a font lies there already, whole: they are large and never change under one version. */
async function isThere(source, target) {
  try {
    return (await stat(source)).size === (await stat(target)).size;
  } catch {
    return false;
  }
}

/** Copies what is missing; a copy gets its name only when whole. */
async function main() {
  const out = path.resolve(options.out);
  await mkdir(out, { recursive: true });
  for (const [pack, weight, name] of FONTS) {
    const source = path.join(ROOT, "node_modules", pack, weight, name);
    const target = path.join(out, name);
    if (await isThere(source, target)) continue;
    await rm(target, { force: true });
    await cp(source, `${target}.new`);
    await rename(`${target}.new`, target);
  }
  const licences = [SERIF, SANS].map((pack) => readFile(path.join(ROOT, "node_modules", pack, "LICENSE_FONT"), "utf8"));
  const [serif, sans] = await Promise.all(licences);
  await writeFile(path.join(out, "OFL.txt"), serif === sans ? serif : `${serif}\n\n${sans}`);
}

await main();
