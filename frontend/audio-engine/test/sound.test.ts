/** Base64, microphone problems, connection quality, bar heights, and the debug trace. */

import { describe, expect, it } from 'vitest';
import { problemOf } from '../src/microphone.ts';
import { decodeBase64, encodeBase64 } from '../src/pcm.ts';
import { assessQuality } from '../src/quality.ts';
import { Trace } from '../src/trace.ts';
import { barLevels } from '../src/visualizer.ts';

describe('base64', () => {
  it('brings every sample back', () => {
    const samples = Int16Array.from({ length: 480 }, (_, i) => ((i * 7919) % 65536) - 32768);
    expect(new Int16Array(decodeBase64(encodeBase64(samples.buffer)))).toEqual(samples);
  });

  it('drops half a sample at the end', () => {
    expect(decodeBase64(btoa('abc')).byteLength).toBe(2);
  });
});

describe('microphone problems', () => {
  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'busy'],
    ['TypeError', 'unsupported'],
  ])('%s means %s', (name, problem) => {
    expect(problemOf(Object.assign(new Error('x'), { name }))).toBe(problem);
  });
});

describe('quality', () => {
  it.each([
    [{ rttMs: 40, backlogMs: 0, underruns: 0 }, 'good'],
    [{ rttMs: 250, backlogMs: 0, underruns: 0 }, 'fair'],
    [{ rttMs: 40, backlogMs: 0, underruns: 1 }, 'fair'],
    [{ rttMs: 40, backlogMs: 900, underruns: 0 }, 'poor'],
    [{ rttMs: 500, backlogMs: 0, underruns: 0 }, 'poor'],
  ] as const)('%o is %s', (measures, level) => {
    expect(assessQuality(measures)).toBe(level);
  });
});

describe('bars', () => {
  it('are symmetric and follow loudness', () => {
    const loud = barLevels(new Uint8Array(128).fill(255), 24);
    expect(loud).toHaveLength(24);
    expect(loud.every((level) => level === 1)).toBe(true);
    const low = barLevels(new Uint8Array(128).map((_, bin) => (bin < 6 ? 255 : 0)), 24);
    expect(low).toEqual([...low].reverse());
    expect(low[12]).toBeGreaterThan(low[0] as number);
  });
});

describe('trace', () => {
  it('finds first and last, and keeps a minute of sound', () => {
    let now = 0;
    const trace = new Trace(() => (now += 1));
    trace.note('flushedAt', 5);
    trace.note('flushedAt', 9);
    expect([trace.at('flushedAt'), trace.at('flushedAt', 'last'), trace.at('never')]).toEqual([1, 2, null]);
    for (let i = 0; i < 70; i += 1) trace.heard(new Float32Array(1_000).fill(i), 1_000);
    const heard = trace.heardAudio();
    expect(heard).toHaveLength(60_000);
    expect(heard[0]).toBe(10);
  });
});
