// Plays PCM16 mono 24 kHz from a ring of two minutes. Messages in: { pcm }, { flush: true }. Messages out:
// { played } (24 kHz samples really played, flushed ones excluded) five times a second while playing and once when the
// ring runs empty; { flushed } after a flush; { underrun }.
const IN_RATE = 24000;
const SECONDS = 120;
const PREBUFFER = IN_RATE * 0.06;
const START_ANYWAY = 0.1;
const RAMP = 48;
const REPORT = 0.2;

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(IN_RATE * SECONDS);
    this.write = 0;
    this.read = 0;
    this.played = 0;
    this.playing = false;
    this.waiting = 0;
    this.fraction = 0;
    this.last = 0;
    this.ramp = 0;
    this.reported = 0;
    this.sinceReport = 0;
    this.step = IN_RATE / sampleRate;
    this.port.onmessage = (event) => this.take(event.data);
  }

  take(message) {
    if (message.flush) {
      this.read = this.write;
      this.fraction = 0;
      if (this.playing) this.ramp = RAMP;
      this.playing = false;
      this.reported = this.played;
      this.port.postMessage({ flushed: this.played });
      return;
    }
    if (message.reset) {
      this.played = 0;
      this.reported = 0;
      this.read = this.write;
      this.playing = false;
      return;
    }
    const pcm = new Int16Array(message.pcm);
    const size = this.ring.length;
    if (this.write - this.read + pcm.length > size) return;
    for (let i = 0; i < pcm.length; i++) this.ring[(this.write + i) % size] = pcm[i] / 32768;
    this.write += pcm.length;
  }

  report() {
    if (this.played === this.reported) return;
    this.reported = this.played;
    this.sinceReport = 0;
    this.port.postMessage({ played: this.played });
  }

  process(_inputs, outputs) {
    const out = outputs[0][0];
    const queued = this.write - this.read;
    if (!this.playing && queued > 0) {
      this.waiting += out.length / sampleRate;
      if (queued >= PREBUFFER || this.waiting >= START_ANYWAY) {
        this.playing = true;
        this.waiting = 0;
      }
    }
    const size = this.ring.length;
    for (let i = 0; i < out.length; i++) {
      if (this.playing && this.read < this.write) {
        const next = this.read + 1 < this.write ? this.ring[(this.read + 1) % size] : this.ring[this.read % size];
        const now = this.ring[this.read % size];
        this.last = now + (next - now) * this.fraction;
        out[i] = this.last;
        this.fraction += this.step;
        while (this.fraction >= 1 && this.read < this.write) {
          this.fraction -= 1;
          this.read += 1;
          this.played += 1;
        }
      } else if (this.ramp > 0) {
        this.ramp -= 1;
        out[i] = (this.last * this.ramp) / RAMP;
      } else {
        out[i] = 0;
      }
    }
    for (let channel = 1; channel < outputs[0].length; channel++) outputs[0][channel].set(out);
    this.sinceReport += out.length / sampleRate;
    if (this.playing && this.read >= this.write) {
      this.playing = false;
      this.ramp = RAMP;
      this.report();
      this.port.postMessage({ empty: true });
    } else if (this.sinceReport >= REPORT) {
      this.report();
    }
    return true;
  }
}

registerProcessor("playback", Playback);
