import { defineConfig } from 'vite';

/** Browsers with AudioWorklet: the oldest that can hold a call. */
export const OLDEST_BROWSERS = ['chrome79', 'edge79', 'firefox76', 'safari14.1'];

export default defineConfig({
  root: 'frame',
  base: '/widget/frame/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/frame',
    emptyOutDir: true,
    target: OLDEST_BROWSERS,
    // Worklets must stay files: a page policy may refuse data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
