/*
 * Plays PCM16 at 24 kHz from a ring of 120 s and keeps exact count of what was heard.
 *
 * In:  {type: "pcm", pcm: ArrayBuffer} | {type: "flush"} | {type: "epoch", epoch}
 * Out, each with the epoch it belongs to: {type: "started"} | {type: "position", played, queued} | {type: "drained", played, underruns}
 *      | {type: "flushed", played} | {type: "overflow", dropped}
 *      and for tests: {type: "heard", samples: Float32Array, rate: Hz} | {type: "sounding", at}, the context time at which the
 *      first sample that is not silent left since playing started.
 *
 * `played` counts 24 kHz samples since the last "epoch"; what was still queued at that moment is played, yet not
 * counted, because it belongs to an earlier connection. A stream carries no end mark: playing starts at 60 ms of
 * queue, or 100 ms after the first sample came, whichever is first. A flush fades out within 2 ms.
 */
const PLAYBACK_RATE = 24000;
const CAPACITY = 120 * PLAYBACK_RATE;
const PREBUFFER = 0.06 * PLAYBACK_RATE;
const LONGEST_WAIT_S = 0.1;
const FADE = 0.002 * PLAYBACK_RATE;
const POSITION_EVERY = 0.2 * PLAYBACK_RATE;
/** A gap shorter than this is a hole in one utterance; a longer one lies between two. */
const UNDERRUN_GAP_S = 0.25;
const TAP_SAMPLES = 2048;
const AUDIBLE = 0.002;

class PlaybackProcessor extends AudioWorkletProcessor {
  constructor(options) {
    super();
    this.ring = new Int16Array(CAPACITY);
    this.readAt = 0;
    this.queued = 0;
    this.uncounted = 0;
    this.epoch = 0;
    this.played = 0;
    this.reportedAt = 0;
    this.playing = false;
    this.waitingSince = -1;
    this.drainedAt = -1;
    this.fadeLeft = 0;
    this.underruns = 0;
    this.resampler = sampleRate === PLAYBACK_RATE ? null : new globalThis.PolyphaseResampler(PLAYBACK_RATE, sampleRate);
    this.tap = options?.processorOptions?.tap ? new Float32Array(TAP_SAMPLES) : null;
    this.tapFilled = 0;
    this.sounding = false;
    this.port.onmessage = ({ data }) => {
      if (data.type === 'pcm') this.enqueue(new Int16Array(data.pcm));
      else if (data.type === 'flush') this.flush();
      else if (data.type === 'epoch') this.startEpoch(data.epoch);
    };
  }

  tell(report) {
    this.port.postMessage({ ...report, epoch: this.epoch });
  }

  enqueue(samples) {
    const room = CAPACITY - this.queued;
    const count = Math.min(samples.length, room);
    let writeAt = (this.readAt + this.queued) % CAPACITY;
    for (let i = 0; i < count; i += 1) {
      this.ring[writeAt] = samples[i];
      writeAt = writeAt + 1 === CAPACITY ? 0 : writeAt + 1;
    }
    this.queued += count;
    if (count < samples.length) this.tell({ type: 'overflow', dropped: samples.length - count });
    if (this.drainedAt >= 0 && currentTime - this.drainedAt < UNDERRUN_GAP_S) this.underruns += 1;
    this.drainedAt = -1;
    if (this.waitingSince < 0) this.waitingSince = currentTime;
  }

  flush() {
    this.drainedAt = -1;
    if (!this.playing || this.queued === 0) {
      this.drop(0);
      this.finishFlush();
      return;
    }
    this.drop(Math.min(this.queued, FADE));
    this.fadeLeft = this.queued;
  }

  /** Keeps the first `kept` queued samples and forgets the rest. */
  drop(kept) {
    this.queued = kept;
    this.uncounted = Math.min(this.uncounted, kept);
  }

  finishFlush() {
    this.fadeLeft = 0;
    this.playing = false;
    this.waitingSince = this.queued > 0 ? currentTime : -1;
    this.resampler?.reset();
    this.tell({ type: 'flushed', played: this.played });
  }

  startEpoch(epoch) {
    this.epoch = epoch;
    this.uncounted = this.queued;
    this.played = 0;
    this.reportedAt = 0;
  }

  /** The next queued sample; only while some are queued. */
  next() {
    let value = this.ring[this.readAt] / 32768;
    this.readAt = this.readAt + 1 === CAPACITY ? 0 : this.readAt + 1;
    this.queued -= 1;
    if (this.uncounted > 0) this.uncounted -= 1;
    else this.played += 1;
    if (this.fadeLeft > 0) {
      this.fadeLeft -= 1;
      value *= this.fadeLeft / FADE;
      if (this.fadeLeft === 0) this.finishFlush();
    }
    return value;
  }

  drain() {
    this.playing = false;
    this.waitingSince = -1;
    this.drainedAt = currentTime;
    this.resampler?.reset();
    this.tell({ type: 'drained', played: this.played, underruns: this.underruns });
    this.reportedAt = this.played;
  }

  produce() {
    if (this.resampler === null) return this.next();
    while (!this.resampler.ready()) {
      if (this.queued === 0) return 0;
      this.resampler.push(this.next());
      if (!this.playing) return 0;
    }
    return this.resampler.take();
  }

  startIfDue() {
    const waited = this.waitingSince >= 0 && currentTime - this.waitingSince >= LONGEST_WAIT_S;
    if (this.queued === 0 || (this.queued < PREBUFFER && !waited)) return;
    this.playing = true;
    this.sounding = false;
    this.waitingSince = -1;
    this.tell({ type: 'started' });
  }

  process(_inputs, outputs) {
    const out = outputs[0][0];
    if (!this.playing) this.startIfDue();
    for (let i = 0; i < out.length && this.playing; i += 1) {
      out[i] = this.produce();
      if (this.playing && this.queued === 0) this.drain();
    }
    if (this.playing && this.played - this.reportedAt >= POSITION_EVERY) {
      this.reportedAt = this.played;
      this.tell({ type: 'position', played: this.played, queued: this.queued });
    }
    for (let channel = 1; channel < outputs[0].length; channel += 1) outputs[0][channel].set(out);
    if (this.tap !== null) this.record(out);
    return true;
  }

  record(out) {
    const first = this.sounding ? -1 : out.findIndex((value) => Math.abs(value) > AUDIBLE);
    if (first >= 0) {
      this.sounding = true;
      this.tell({ type: 'sounding', at: currentTime + first / sampleRate });
    }
    this.tap.set(out, this.tapFilled);
    this.tapFilled += out.length;
    if (this.tapFilled + out.length <= TAP_SAMPLES) return;
    this.tell({ type: 'heard', samples: this.tap.slice(0, this.tapFilled), rate: sampleRate });
    this.tapFilled = 0;
  }
}

registerProcessor('call-playback', PlaybackProcessor);
