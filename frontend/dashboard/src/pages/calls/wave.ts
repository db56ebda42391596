/**
 * The loudness of a two-channel WAV over time, read as it arrives, so that long recordings take no memory.
 *
 * PCM16 only, which is what recordings are (RIFF, fmt and data chunks; soundfile.sapp.org/doc/WaveFormat).
 */

export interface Peaks {
  /** Per channel, 0..1 per bucket. */
  channels: Float32Array[];
  seconds: number;
}

interface Format {
  channels: number;
  rate: number;
  dataAt: number;
  dataBytes: number;
}

const ascii = (view: DataView, at: number): string => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

/** Null while the header is not complete. Throws when this is no PCM16 WAV. */
export function readFormat(head: Uint8Array): Format | null {
  if (head.length < 12) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (ascii(view, 0) !== 'RIFF' || ascii(view, 8) !== 'WAVE') throw new Error('not a WAV file');
  let channels = 0;
  let rate = 0;
  for (let at = 12; at + 8 <= head.length; ) {
    const [name, size] = [ascii(view, at), view.getUint32(at + 4, true)];
    if (name === 'fmt ' && at + 24 <= head.length) {
      channels = view.getUint16(at + 10, true);
      rate = view.getUint32(at + 12, true);
      if (view.getUint16(at + 22, true) !== 16) throw new Error('not 16 bit');
    }
    if (name === 'data') return { channels, rate, dataAt: at + 8, dataBytes: size };
    at += 8 + size + (size % 2);
  }
  return null;
}

export class PeakReader {
  private head = new Uint8Array(0);
  private format: Format | null = null;
  private rest = new Uint8Array(0);
  private frame = 0;
  private peaks: Float32Array[] = [];

  constructor(private readonly buckets: number) {}

  push(chunk: Uint8Array): void {
    if (this.format !== null) {
      this.measure(chunk);
      return;
    }
    this.head = join(this.head, chunk);
    const format = readFormat(this.head);
    if (format === null) return;
    this.format = format;
    this.peaks = Array.from({ length: format.channels }, () => new Float32Array(this.buckets));
    this.measure(this.head.subarray(format.dataAt));
  }

  get result(): Peaks | null {
    const { format } = this;
    if (format === null) return null;
    return { channels: this.peaks, seconds: format.dataBytes / (2 * format.channels * format.rate) };
  }

  private measure(chunk: Uint8Array): void {
    const { channels, dataBytes } = this.format as Format;
    const data = join(this.rest, chunk);
    const size = 2 * channels;
    const frames = Math.floor(data.length / size);
    const total = Math.max(1, dataBytes / size);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    for (let i = 0; i < frames; i += 1, this.frame += 1) {
      const bucket = Math.min(this.buckets - 1, Math.floor((this.frame / total) * this.buckets));
      for (let channel = 0; channel < channels; channel += 1) {
        const peaks = this.peaks[channel] as Float32Array;
        const loud = Math.abs(view.getInt16(i * size + channel * 2, true)) / 32_768;
        if (loud > (peaks[bucket] as number)) peaks[bucket] = loud;
      }
    }
    this.rest = data.slice(frames * size);
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

export async function readPeaks(url: string, buckets: number, signal: AbortSignal): Promise<Peaks | null> {
  const response = await fetch(url, { signal, credentials: 'omit' });
  if (!response.ok || response.body === null) throw new Error(`The recording answered ${response.status}`);
  const reader = new PeakReader(buckets);
  for (const body = response.body.getReader(); ; ) {
    const { done, value } = await body.read();
    if (done) return reader.result;
    reader.push(value);
  }
}
