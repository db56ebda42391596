import { cpSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";

const here = import.meta.dirname;
const out = resolve(here, "dist/frame");

export default defineConfig({
  root: resolve(here, "frame"),
  base: "./",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { outDir: out, emptyOutDir: true, modulePreload: false },
  plugins: [
    {
      name: "worklets",
      // Worklets are loaded by address, as they are.
      closeBundle: () => cpSync(resolve(here, "../audio-engine/worklets"), resolve(out, "worklets"), { recursive: true }),
    },
  ],
});
