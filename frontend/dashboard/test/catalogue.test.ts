import { describe, expect, it } from 'vitest';
import de from '../src/locales/de.json';
import es from '../src/locales/es.json';
import fr from '../src/locales/fr.json';
import { join } from 'node:path';
import { allTexts, textsOf } from './catalogue.ts';

const texts = allTexts(join(process.cwd(), 'src'));
const places = (text: string): string[] => [...text.matchAll(/\{\{\w+\}\}/g)].map((found) => found[0]).sort();

describe('catalogues', () => {
  it('are searched for in the sources as they are written', () => {
    expect(textsOf(`t('It\\'s') + mark("a") + t( 'b', { x })`)).toEqual(["It's", 'a', 'b']);
    expect(texts.size).toBeGreaterThan(500);
  });

  it.each(Object.entries({ de, es, fr }))('%s has every text, no other, and keeps its places', (_, catalogue: Record<string, string>) => {
    expect([...texts].filter((text) => !catalogue[text])).toEqual([]);
    expect(Object.keys(catalogue).filter((text) => !texts.has(text))).toEqual([]);
    expect(Object.entries(catalogue).filter(([text, other]) => places(text).join() !== places(other).join())).toEqual([]);
  });
});
