import { defineConfig } from '@hey-api/openapi-ts';

/** The output goes where `OUTPUT` says, so that the drift check can generate beside the committed files. */
export default defineConfig({
  input: 'openapi.json',
  output: { path: process.env.OUTPUT ?? 'src', clean: true },
  plugins: [
    '@hey-api/client-fetch',
    '@hey-api/typescript',
    { name: 'zod', compatibilityVersion: 4 },
    { name: '@hey-api/sdk', validator: false },
  ],
});
