import { defineConfig } from 'vite';
import { OLDEST_BROWSERS } from './vite.frame.config.ts';

export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: OLDEST_BROWSERS,
    lib: { entry: 'loader/main.ts', formats: ['iife'], name: 'CallWidgetLoader', fileName: () => 'widget.js' },
  },
});
