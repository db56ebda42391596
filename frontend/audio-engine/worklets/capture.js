// Microphone to PCM16 mono 24 kHz in 20 ms chunks, resampled by a windowed-sinc filter where the context runs at
// another rate. Posts { pcm: ArrayBuffer, level: number }.
const OUT_RATE = 24000;
const CHUNK = 480;
const TAPS = 32;

function kernel(cutoff, fraction) {
  const taps = new Float32Array(TAPS);
  let sum = 0;
  for (let i = 0; i < TAPS; i++) {
    const x = i - TAPS / 2 + 1 - fraction;
    const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
    const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / (TAPS / 2));
    taps[i] = sinc * Math.max(0, window);
    sum += taps[i];
  }
  for (let i = 0; i < TAPS; i++) taps[i] /= sum;
  return taps;
}

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / OUT_RATE;
    this.direct = Math.abs(this.step - 1) < 1e-6;
    this.phases = Array.from({ length: 64 }, (_, i) => kernel(Math.min(1, 1 / this.step), i / 64));
    this.history = new Float32Array(8192);
    this.filled = TAPS;
    this.at = TAPS / 2;
    this.chunk = new Int16Array(CHUNK);
    this.count = 0;
    this.energy = 0;
    this.muted = false;
    this.port.onmessage = (event) => {
      this.muted = event.data.muted;
    };
  }

  emit(sample) {
    const value = this.muted ? 0 : Math.max(-1, Math.min(1, sample));
    this.chunk[this.count++] = Math.round(value * 32767);
    this.energy += value * value;
    if (this.count < CHUNK) return;
    const level = Math.sqrt(this.energy / CHUNK);
    this.port.postMessage({ pcm: this.chunk.buffer, level }, [this.chunk.buffer]);
    this.chunk = new Int16Array(CHUNK);
    this.count = 0;
    this.energy = 0;
  }

  process(inputs) {
    const input = inputs[0][0];
    if (!input) return true;
    if (this.direct) {
      for (let i = 0; i < input.length; i++) this.emit(input[i]);
      return true;
    }
    this.history.set(input, this.filled);
    this.filled += input.length;
    while (this.at + TAPS / 2 < this.filled) {
      const base = Math.floor(this.at);
      const taps = this.phases[Math.floor((this.at - base) * 64)];
      let sum = 0;
      for (let i = 0; i < TAPS; i++) sum += this.history[base - TAPS / 2 + 1 + i] * taps[i];
      this.emit(sum);
      this.at += this.step;
    }
    const drop = Math.floor(this.at) - TAPS / 2;
    if (drop > 2048) {
      this.history.copyWithin(0, drop, this.filled);
      this.filled -= drop;
      this.at -= drop;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
