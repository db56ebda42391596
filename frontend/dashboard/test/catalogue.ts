/** Finds every text of the sources: `t('…')`, `t("…")` and `mark('…')`. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const CALL = /\b(?:t|mark)\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")/g;

export function textsOf(source: string): string[] {
  return [...source.matchAll(CALL)].map((found) => (found[1] ?? found[2] ?? '').replace(/\\(['"])/g, '$1'));
}

export function allTexts(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  return new Set(files.flatMap((name) => textsOf(readFileSync(join(folder, name), 'utf8'))));
}
