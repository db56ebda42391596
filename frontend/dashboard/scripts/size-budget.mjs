/**
 * Fails the build when a first visit loads too much script: the entry and what it imports, and the same with each of
 * the pages people arrive at. Also says what the heaviest other page adds.
 */

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** Bytes, compressed as servers compress by default. */
const SCRIPT = 250_000;
const STYLE = 30_000;
const ARRIVALS = ['src/auth/Login.tsx', 'src/pages/Overview.tsx', 'src/pages/admin/Companies.tsx', 'src/pages/calls/OwnCalls.tsx'];

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const size = (files) => [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);

function collect(key, files = new Set()) {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return files;
  files.add(chunk.file);
  for (const style of chunk.css ?? []) files.add(style);
  for (const imported of chunk.imports ?? []) collect(imported, files);
  return files;
}

function weigh(name, pages) {
  const files = new Set(['index.html', ...pages].flatMap((key) => [...collect(key)]));
  const part = (end) => size([...files].filter((file) => file.endsWith(end)));
  const [script, style] = [part('.js'), part('.css')];
  const fits = script < SCRIPT && style < STYLE;
  console.log(`${fits ? 'ok  ' : 'FAIL'} dashboard, ${name}: ${script} of ${SCRIPT} bytes of script, ${style} of ${STYLE} of styles (gzip)`);
  if (!fits) process.exitCode = 1;
}

weigh('first load', []);
for (const page of ARRIVALS) weigh(page.replace(/^src\/(pages|auth)\//, ''), [page]);
