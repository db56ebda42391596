/** Fails the build when the loader or the first load of the frame grows past its budget (bytes, gzip). */

import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGETS = { loader: 5 * 1024, frame: 40 * 1024 };
const dist = new URL('../dist/', import.meta.url);
const gzipped = (name) => gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length;

const assets = readdirSync(new URL('frame/assets/', dist)).map((name) => `frame/assets/${name}`);
const otherLanguage = /\/(es|fr|de)-[^/]+\.js$/;
const sizes = {
  loader: gzipped('widget.js'),
  frame: ['frame/index.html', ...assets.filter((name) => !otherLanguage.test(name))].map(gzipped).reduce((a, b) => a + b),
};

for (const [part, size] of Object.entries(sizes)) {
  const fits = size <= BUDGETS[part];
  console.log(`${fits ? 'ok  ' : 'FAIL'} ${part}: ${size} of ${BUDGETS[part]} bytes gzip`);
  if (!fits) process.exitCode = 1;
}
