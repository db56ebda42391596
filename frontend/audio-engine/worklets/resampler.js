/*
 * Streaming sample-rate conversion by a polyphase FIR filter, for both worklets.
 *
 * Loaded into the AudioWorkletGlobalScope before capture.js and playback.js, which find the class on globalThis
 * (module imports inside worklets are missing in older browsers). No allocation after construction.
 */
(() => {
  const TAPS_PER_PHASE = 32;
  const KAISER_BETA = 8;

  const greatestCommonDivisor = (a, b) => (b === 0 ? a : greatestCommonDivisor(b, a % b));

  /** Zeroth-order modified Bessel function of the first kind. */
  const bessel = (x) => {
    let sum = 1;
    let term = 1;
    for (let k = 1; k < 32; k += 1) {
      term *= (x / (2 * k)) ** 2;
      sum += term;
    }
    return sum;
  };

  /** One row of coefficients per phase; every row sums to one, so a constant input stays constant. */
  const design = (up, down, taps) => {
    const length = up * taps;
    const cutoff = 0.46 * Math.min(1, up / down);
    const centre = (length - 1) / 2;
    const rows = [];
    for (let phase = 0; phase < up; phase += 1) {
      const row = new Float32Array(taps);
      let sum = 0;
      for (let tap = 0; tap < taps; tap += 1) {
        const n = phase + tap * up;
        const t = (n - centre) / up;
        const sinc = t === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
        const edge = (n - centre) / (length / 2);
        const value = (sinc * bessel(KAISER_BETA * Math.sqrt(Math.max(0, 1 - edge * edge)))) / bessel(KAISER_BETA);
        row[tap] = value;
        sum += value;
      }
      for (let tap = 0; tap < taps; tap += 1) row[tap] /= sum;
      rows.push(row);
    }
    return rows;
  };

  class PolyphaseResampler {
    /** Rates in hertz, whole numbers. */
    constructor(inputRate, outputRate) {
      const divisor = greatestCommonDivisor(inputRate, outputRate);
      this.up = outputRate / divisor;
      this.down = inputRate / divisor;
      this.taps = Math.ceil(TAPS_PER_PHASE * Math.max(1, this.down / this.up));
      this.rows = design(this.up, this.down, this.taps);
      this.history = new Float32Array(this.taps * 2);
      this.reset();
    }

    reset() {
      this.history.fill(0);
      this.head = 0;
      this.phase = 0;
      this.missing = 1;
    }

    /** True when the next output can be taken without another input. */
    ready() {
      return this.missing === 0;
    }

    push(sample) {
      this.head = this.head === 0 ? this.taps - 1 : this.head - 1;
      this.history[this.head] = sample;
      this.history[this.head + this.taps] = sample;
      this.missing -= 1;
    }

    /** Only when ready(). */
    take() {
      const row = this.rows[this.phase];
      let sum = 0;
      for (let tap = 0; tap < this.taps; tap += 1) sum += row[tap] * this.history[this.head + tap];
      this.phase += this.down;
      this.missing = Math.floor(this.phase / this.up);
      this.phase %= this.up;
      return sum;
    }
  }

  globalThis.PolyphaseResampler = PolyphaseResampler;
})();
