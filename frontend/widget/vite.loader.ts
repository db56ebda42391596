import { resolve } from "node:path";
import { defineConfig } from "vite";

const here = import.meta.dirname;

export default defineConfig({
  root: here,
  publicDir: false,
  build: {
    outDir: resolve(here, "dist"),
    emptyOutDir: true,
    lib: { entry: resolve(here, "src/loader.ts"), formats: ["iife"], name: "voiceCallWidget", fileName: () => "widget.js" },
  },
});
