/** The worklets' own code, run in a sandbox that plays the browser's audio thread. */

import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

type Report = { type: string; played: number; epoch: number; underruns: number; [key: string]: unknown };

const QUANTUM = 128;

interface Processor {
  port: { onmessage: (event: { data: unknown }) => void; postMessage(message: unknown): void };
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

function load(sampleRate: number) {
  const registered: Record<string, new (options?: object) => Processor> = {};
  class AudioWorkletProcessor {
    port = { onmessage: (_event: { data: unknown }): void => undefined, postMessage: (_message: unknown): void => undefined };
  }
  const scope: Record<string, unknown> = {
    AudioWorkletProcessor,
    sampleRate,
    currentTime: 0,
    registerProcessor: (name: string, kind: new () => Processor) => (registered[name] = kind),
  };
  createContext(scope);
  for (const file of ['resampler', 'capture', 'playback']) {
    runInContext(readFileSync(new URL(`../worklets/${file}.js`, import.meta.url), 'utf8'), scope);
  }
  return { registered, scope };
}

function player(sampleRate = 24_000, tap = false) {
  const { registered, scope } = load(sampleRate);
  const processor = new (registered['call-playback'] as new (options: object) => Processor)({ processorOptions: { tap } });
  const reports: Report[] = [];
  processor.port.postMessage = (message) => void reports.push(message as Report);
  const heard: number[] = [];
  const run = (ms: number): void => {
    const quanta = Math.round((ms / 1000) * (sampleRate / QUANTUM));
    for (let i = 0; i < quanta; i += 1) {
      const out = new Float32Array(QUANTUM);
      processor.process([], [[out]]);
      heard.push(...out);
      scope.currentTime = (scope.currentTime as number) + QUANTUM / sampleRate;
    }
  };
  const tell = (data: object): void => processor.port.onmessage({ data });
  const pcm = (samples: number, value = 8192): void => tell({ type: 'pcm', pcm: new Int16Array(samples).fill(value).buffer });
  const last = (type: string): Report => reports.findLast((report) => report.type === type) as Report;
  return { run, tell, pcm, reports, heard, last };
}

const sounding = (heard: number[]): number => heard.filter((sample) => sample !== 0).length;

describe('playback', () => {
  it('waits for 60 ms of sound, then plays every sample', () => {
    const { run, pcm, heard, last } = player();
    pcm(960);
    run(50);
    expect(sounding(heard)).toBe(0);
    pcm(960);
    run(200);
    expect(sounding(heard)).toBe(1920);
    expect(last('drained').played).toBe(1920);
  });

  it('starts a shorter answer after 100 ms', () => {
    const { run, pcm, heard } = player();
    pcm(480);
    run(95);
    expect(sounding(heard)).toBe(0);
    run(60);
    expect(sounding(heard)).toBe(480);
  });

  it('reports its position every 200 ms while it plays', () => {
    const { run, pcm, reports } = player();
    pcm(24_000);
    run(1_100);
    const positions = reports.filter((report) => report.type === 'position').map((report) => report.played);
    expect(positions.length).toBeGreaterThanOrEqual(4);
    for (const [index, position] of positions.entries()) {
      expect(Math.abs(position - (index + 1) * 4_800)).toBeLessThan(128 * (index + 1));
    }
  });

  it('falls silent within 2 ms of a flush, counts only what was heard, and answers', () => {
    const { run, tell, pcm, heard, last } = player();
    pcm(240_000);
    run(500);
    const before = sounding(heard);
    tell({ type: 'flush' });
    run(300);
    const after = sounding(heard) - before;
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThanOrEqual(48);
    expect(last('flushed').played).toBe(before + 48);
  });

  it('fades instead of cutting', () => {
    const { run, tell, pcm, heard } = player();
    pcm(48_000);
    run(200);
    const cutAt = heard.length;
    tell({ type: 'flush' });
    run(20);
    const steps = heard.slice(cutAt - 1, cutAt + 60).map((sample, i, all) => Math.abs(sample - (all[i - 1] ?? sample)));
    expect(Math.max(...steps)).toBeLessThan(0.25 / 40);
  });

  it('answers a flush of silence at once', () => {
    const { tell, last } = player();
    tell({ type: 'flush' });
    expect(last('flushed').played).toBe(0);
  });

  it('drops unheard sound that waits for its prebuffer', () => {
    const { run, tell, pcm, heard } = player();
    pcm(480);
    run(20);
    tell({ type: 'flush' });
    run(300);
    expect(sounding(heard)).toBe(0);
  });

  it('plays sound that comes during the fade, whole', () => {
    const { run, tell, pcm, heard, last } = player();
    pcm(48_000);
    run(200);
    tell({ type: 'flush' });
    pcm(2_400, 3_000);
    run(300);
    expect(heard.filter((sample) => sample === Math.fround(3_000 / 32_768))).toHaveLength(2_400);
    expect(last('drained').played).toBe(last('flushed').played + 2_400);
  });

  it('counts anew for a new connection and leaves out what came before it', () => {
    const { run, tell, pcm, last } = player();
    pcm(4_800);
    run(100);
    tell({ type: 'epoch', epoch: 7 });
    pcm(2_400);
    run(400);
    expect(last('drained')).toMatchObject({ played: 2_400, epoch: 7 });
  });

  it('counts a hole in one utterance as an underrun, and a pause between two not', () => {
    const { run, pcm, last } = player();
    pcm(2_400);
    run(150);
    pcm(2_400);
    run(200);
    expect(last('drained').underruns).toBe(1);
    run(600);
    pcm(2_400);
    run(300);
    expect(last('drained').underruns).toBe(1);
  });

  it('says how much it could not hold', () => {
    const { pcm, last } = player();
    pcm(120 * 24_000);
    pcm(100);
    expect(last('overflow').dropped).toBe(100);
  });

  it('tells tests when the first sample that is not silent left, once for each run of sound', () => {
    const { run, pcm, reports } = player(24_000, true);
    pcm(2_400, 0);
    pcm(2_400);
    run(400);
    pcm(2_400);
    run(400);
    const told = reports.filter((report) => report.type === 'sounding').map((report) => report.at as number);
    expect(told).toHaveLength(2);
    expect(told[0]).toBeCloseTo(0.1, 2);
    expect(told[1]).toBeCloseTo(0.4, 1);
  });

  it('tells tests what was heard with its rate, so that a report needs nothing that may be closed by then', () => {
    const { run, reports } = player(48_000, true);
    run(100);
    const told = reports.filter((report) => report.type === 'heard');
    expect(told.length).toBeGreaterThan(0);
    expect(told.every((report) => report.rate === 48_000)).toBe(true);
  });

  it('keeps exact count when it converts to the device rate', () => {
    const { run, pcm, heard, last } = player(48_000);
    pcm(24_000);
    run(1_300);
    expect(last('drained').played).toBe(24_000);
    expect(Math.abs(sounding(heard) - 48_000)).toBeLessThan(100);
  });
});

function recorder(sampleRate: number) {
  const { registered } = load(sampleRate);
  const processor = new (registered['call-capture'] as new () => Processor)();
  const chunks: Int16Array[] = [];
  processor.port.postMessage = (message) => void chunks.push(new Int16Array((message as { pcm: ArrayBuffer }).pcm));
  const speak = (hertz: number, ms: number): void => {
    const total = Math.round((sampleRate * ms) / 1000 / QUANTUM);
    for (let i = 0; i < total; i += 1) {
      const input = Float32Array.from({ length: QUANTUM }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hertz * (i * QUANTUM + n)) / sampleRate));
      processor.process([[input]], []);
    }
  };
  const mute = (on: boolean): void => processor.port.onmessage({ data: { type: 'mute', on } });
  return { chunks, speak, mute };
}

function loudness(chunks: Int16Array[]): number {
  const samples = chunks.flatMap((chunk) => [...chunk]);
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length) / 32768;
}

describe('capture', () => {
  it.each([24_000, 48_000, 44_100])('makes 50 chunks of 480 samples a second from %i Hz', (rate) => {
    const { chunks, speak } = recorder(rate);
    speak(440, 2_000);
    expect(chunks.every((chunk) => chunk.length === 480)).toBe(true);
    expect(Math.abs(chunks.length - 100)).toBeLessThanOrEqual(1);
    expect(loudness(chunks.slice(5))).toBeCloseTo(0.5 / Math.SQRT2, 2);
  });

  it('removes what 24 kHz cannot carry', () => {
    const { chunks, speak } = recorder(48_000);
    speak(16_000, 1_000);
    expect(20 * Math.log10(loudness(chunks.slice(5)) + 1e-9)).toBeLessThan(-60);
  });

  it('goes on sending zeros when muted', () => {
    const { chunks, speak, mute } = recorder(24_000);
    mute(true);
    speak(440, 200);
    expect(chunks.length).toBeGreaterThanOrEqual(9);
    expect(loudness(chunks)).toBe(0);
    mute(false);
    speak(440, 200);
    expect(loudness(chunks.slice(-5))).toBeGreaterThan(0.3);
  });
});
