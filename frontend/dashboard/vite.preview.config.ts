import { defineConfig } from 'vite';

/** The widget's own screens, played from a script: the live preview of the Widget tab. Preact, as the widget is. */
export default defineConfig({
  root: 'preview',
  base: '/dashboard/preview/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: '../dist/preview', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, rolldownOptions: { input: ['preview/index.html', 'preview/call.html'] } },
});
