/** What happened when, and what was really heard: the evidence that browser tests read. Made only in debug mode. */

export interface TraceEntry {
  /** Milliseconds on the page's monotonic clock. */
  at: number;
  event: string;
  samples?: number;
}

const HEARD_SECONDS = 60;
const LOG_ENTRIES = 2_000;

export class Trace {
  readonly log: TraceEntry[] = [];
  private readonly blocks: Float32Array[] = [];
  private held = 0;

  constructor(private readonly now: () => number) {}

  /** `age`: how many milliseconds ago it was. */
  note(event: string, samples?: number, age = 0): void {
    const at = this.now() - age;
    this.log.push(samples === undefined ? { at, event } : { at, event, samples });
    if (this.log.length > LOG_ENTRIES) this.log.shift();
  }

  /** Time of the first, or of the last, event of that name. */
  at(event: string, which: 'first' | 'last' = 'first'): number | null {
    const entry =
      which === 'first' ? this.log.find((e) => e.event === event) : this.log.findLast((e) => e.event === event);
    return entry?.at ?? null;
  }

  heard(samples: Float32Array, sampleRate: number): void {
    this.blocks.push(samples);
    this.held += samples.length;
    while (this.held > HEARD_SECONDS * sampleRate) this.held -= this.blocks.shift()?.length ?? this.held;
  }

  /** The last 60 s that left the playback ring, silence included, at the context's rate. */
  heardAudio(): Float32Array {
    const all = new Float32Array(this.held);
    let at = 0;
    for (const block of this.blocks) {
      all.set(block, at);
      at += block.length;
    }
    return all;
  }
}
