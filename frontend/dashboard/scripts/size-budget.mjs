/** Fails the build when what a first visit loads (entry, its static imports and their styles) outgrows its budget. */

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 250 * 1024;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const files = new Set();

function collect(key) {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const style of chunk.css ?? []) files.add(style);
  for (const imported of chunk.imports ?? []) collect(imported);
}

collect('index.html');
const size = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
console.log(`${size <= BUDGET ? 'ok  ' : 'FAIL'} dashboard, first load: ${size} of ${BUDGET} bytes gzip`);
if (size > BUDGET) process.exit(1);
