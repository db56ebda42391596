import { describe, expect, it } from 'vitest';
import { PeakReader, readFormat } from '../src/pages/calls/wave.ts';

/** Two channels of PCM16 with an extra chunk before the data, as recorders write them. */
function wav(frames: [number, number][], rate = 8000): Uint8Array {
  const extra = 10;
  const bytes = new Uint8Array(12 + 24 + 8 + extra + 8 + frames.length * 4);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => [...value].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  text(0, 'RIFF');
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 2, true);
  view.setUint32(24, rate, true);
  view.setUint16(34, 16, true);
  text(36, 'LIST');
  view.setUint32(40, extra, true);
  const data = 44 + extra;
  text(data, 'data');
  view.setUint32(data + 4, frames.length * 4, true);
  frames.forEach(([left, right], index) => {
    view.setInt16(data + 8 + index * 4, left, true);
    view.setInt16(data + 10 + index * 4, right, true);
  });
  return bytes;
}

describe('peaks of a recording', () => {
  const frames: [number, number][] = Array.from({ length: 8000 }, (_, i) => [i < 4000 ? 16384 : 0, i >= 6000 ? -32768 : 0]);

  it.each([1, 3, 57, 4096, 1_000_000])('are the same however the file arrives (%i bytes at a time)', (size) => {
    const file = wav(frames);
    const reader = new PeakReader(4);
    for (let at = 0; at < file.length; at += size) reader.push(file.subarray(at, at + size));
    const peaks = reader.result;
    expect(peaks?.seconds).toBe(1);
    expect(peaks?.channels.map((channel) => [...channel])).toEqual([
      [0.5, 0.5, 0, 0],
      [0, 0, 0, 1],
    ]);
  });

  it('waits for the whole header and refuses what is no WAV', () => {
    expect(readFormat(wav(frames).subarray(0, 40))).toBeNull();
    expect(() => readFormat(new TextEncoder().encode('<!doctype html><html>'))).toThrow('not a WAV');
  });
});
