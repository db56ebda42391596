/*
 * Microphone to 20 ms chunks of PCM16 at 24 kHz.
 *
 * Out: {pcm: ArrayBuffer (480 Int16, transferred), rms: 0..1}. In: {type: "mute", on} — a muted microphone keeps
 * sending zeros, so that the far end hears silence instead of a dead line.
 */
const CAPTURE_RATE = 24000;
const CHUNK_SAMPLES = 480;

class CaptureProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = sampleRate === CAPTURE_RATE ? null : new globalThis.PolyphaseResampler(sampleRate, CAPTURE_RATE);
    this.chunk = new Int16Array(CHUNK_SAMPLES);
    this.filled = 0;
    this.energy = 0;
    this.muted = false;
    this.port.onmessage = ({ data }) => {
      if (data.type === 'mute') this.muted = data.on;
    };
  }

  write(sample) {
    const limited = this.muted ? 0 : Math.max(-1, Math.min(1, sample));
    this.chunk[this.filled] = limited < 0 ? limited * 32768 : limited * 32767;
    this.energy += limited * limited;
    this.filled += 1;
    if (this.filled === CHUNK_SAMPLES) this.send();
  }

  send() {
    const { buffer } = this.chunk;
    this.port.postMessage({ pcm: buffer, rms: Math.sqrt(this.energy / CHUNK_SAMPLES) }, [buffer]);
    this.chunk = new Int16Array(CHUNK_SAMPLES);
    this.filled = 0;
    this.energy = 0;
  }

  process(inputs) {
    const channel = inputs[0]?.[0];
    if (!channel) return true;
    for (let i = 0; i < channel.length; i += 1) {
      if (this.resampler === null) {
        this.write(channel[i]);
        continue;
      }
      this.resampler.push(channel[i]);
      while (this.resampler.ready()) this.write(this.resampler.take());
    }
    return true;
  }
}

registerProcessor('call-capture', CaptureProcessor);
