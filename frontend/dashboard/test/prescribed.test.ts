/** The agreed words are on their pages, and the agreed defaults in their forms. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zCallSettings } from '@call/client/zod.gen';
import { describe, expect, it } from 'vitest';
import { NEW_PACKAGE } from '../src/pages/admin/packageDraft.ts';
import { cleaned, DEFAULTS } from '../src/pages/chatbots/call/draft.ts';
import { SECTIONS } from './prescribed.ts';

const ROOT = join(process.cwd(), '..', '..');

function filesOf(place: string): string[] {
  const path = place.startsWith('/') ? join(ROOT, place) : join(process.cwd(), 'src', place);
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(path, name));
}

/** Places are all written `[]`, whatever fills them in. */
const plain = (text: string): string => text.replace(/\\(['"])/g, '$1').replace(/\{\{\w+\}\}|\$?\{[\w.?]+\}|\[(Company|Agent Name)\]/g, '[]');

function wordsOf(where: readonly string[]): { exact: Set<string>; raw: string } {
  const raw = plain(where.flatMap(filesOf).map((path) => readFileSync(path, 'utf8')).join('\n'));
  const literals = [...raw.matchAll(/'([^'\n]*(?:'\w[^'\n]*)*)'|"([^"\n]*)"|`([^`]*)`|>\s*([^<>{}\n]+?)\s*</g)];
  return { exact: new Set(literals.map((found) => found[1] ?? found[2] ?? found[3] ?? found[4] ?? '')), raw };
}

describe('agreed words', () => {
  it.each(SECTIONS.map((section) => [section.page, section] as const))('are on the page %s', (_, { where, words }) => {
    const { exact, raw } = wordsOf(where);
    // Long sentences may stand within others; short words have to be texts of their own.
    expect(words.filter((word) => !exact.has(word) && !(word.length > 24 && raw.includes(word)))).toEqual([]);
  });
});

describe('agreed defaults', () => {
  it('of a chatbot’s call settings', () => {
    expect(cleaned(DEFAULTS)).toMatchObject({
      maxDurationMinutes: 10,
      silenceTimeoutSeconds: 180,
      endPhrase: 'goodbye',
      endPhraseMatch: 'anywhere',
      recording: { enabled: false, storage: 'platform', retentionDays: 90 },
      transcription: { enabled: true },
      interruption: { allowed: true, debounceMs: 100 },
      vad: { sensitivity: 0.5, prefixPaddingMs: 300, silenceDurationMs: 700 },
      audio: { echoCancellation: true, noiseSuppression: true, noiseSuppressionLevel: 'medium' },
      voice: { pitchPercent: 0, speed: 1, stability: 0.5 },
      fallback: 'reject',
      disclosure: { enabled: true },
    });
  });

  it('are those of the API', () => {
    const given = { aiModelId: 'simulated', voice: { voiceId: 'anna' } };
    const { fallbackModelId: _, scenario: __, instructions: ___, ...mine } = cleaned(DEFAULTS);
    expect(zCallSettings.parse(given)).toMatchObject({
      ...mine,
      ...given,
      voice: { ...mine.voice, ...given.voice },
      disclosure: { enabled: true, text: mine.disclosure.text },
      transcription: { enabled: true, includeConfidence: false, postCallSummary: false },
    });
  });

  it('of a package', () => {
    expect(NEW_PACKAGE).toMatchObject({
      enabledChat: true,
      enabledCall: false,
      greeting: 'Hello! Thank you for calling. How can I assist you today?',
      maxDurationMinutes: 10,
      silenceTimeoutSeconds: 180,
      recording: false,
      transcription: true,
    });
  });
});
