import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: '/demo/',
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Worklets must stay files: the audio engine loads them by address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { environment: 'happy-dom', include: ['test/**/*.test.ts'] },
});
