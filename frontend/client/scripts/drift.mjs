/**
 * Fails when the committed client is not what today's administration API generates.
 *
 * Runs Python (`python` on the path) for the API's document, then the generator beside the committed files.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const root = join(here, '..', '..');
const fresh = mkdtempSync(join(tmpdir(), 'client-'));

const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

let drifted = [];
try {
  const document = execFileSync('python', ['-m', 'functions.admin_api.openapi'], { cwd: root, encoding: 'utf8' });
  if (document !== readFileSync(join(here, 'openapi.json'), 'utf8')) drifted.push('openapi.json');
  execFileSync('npx', ['openapi-ts'], { cwd: here, env: { ...process.env, OUTPUT: fresh }, stdio: 'pipe' });
  const names = new Set([...files(fresh), ...files(join(here, 'src'))]);
  const read = (folder, name) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return null;
    }
  };
  drifted.push(...[...names].filter((name) => read(fresh, name) !== read(join(here, 'src'), name)));
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
if (drifted.length > 0) {
  console.error(`The client is not up to date (make client): ${drifted.join(', ')}`);
  process.exit(1);
}
console.log('ok   client: as the API generates it');
