// The sound of a call in a browser: microphone to chunks of PCM16 24 kHz, and the other way round. Knows no network.

export type MicrophoneProblem = "denied" | "missing" | "busy" | "unsupported";

export class MicrophoneError extends Error {
  constructor(readonly problem: MicrophoneProblem) {
    super(problem);
  }
}

export interface EngineOptions {
  worklets: string;
  echoCancellation: boolean;
  noiseSuppression: boolean;
  onChunk: (pcm: ArrayBuffer, level: number) => void;
  onPlayed: (samples: number) => void;
  onFlushed: (samples: number) => void;
  onMicrophoneLost: () => void;
}

export const RATE = 24000;

export function supported(): boolean {
  return (
    typeof AudioWorkletNode !== "undefined" &&
    typeof navigator.mediaDevices?.getUserMedia === "function" &&
    typeof WebSocket !== "undefined"
  );
}

function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return "busy";
}

// Firefox resamples a microphone badly into a 24 kHz context: it keeps its own rate and the worklets convert.
function makeContext(): AudioContext {
  const ownRate = navigator.userAgent.includes("Firefox");
  return ownRate ? new AudioContext({ latencyHint: "interactive" }) : new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
}

export class Engine {
  readonly caller: AnalyserNode;
  readonly far: AnalyserNode;
  private muted = false;

  private constructor(
    readonly context: AudioContext,
    private readonly stream: MediaStream,
    private readonly capture: AudioWorkletNode,
    private readonly playback: AudioWorkletNode,
  ) {
    this.caller = analyser(context);
    this.far = analyser(context);
  }

  static async open(options: EngineOptions): Promise<Engine> {
    if (!supported()) throw new MicrophoneError("unsupported");
    const context = makeContext();
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: {
          channelCount: { ideal: 1 },
          echoCancellation: options.echoCancellation,
          noiseSuppression: options.noiseSuppression,
          autoGainControl: options.noiseSuppression,
        },
      });
    } catch (error) {
      await context.close();
      throw new MicrophoneError(problemOf(error));
    }
    await Promise.all([
      context.audioWorklet.addModule(`${options.worklets}capture.js`),
      context.audioWorklet.addModule(`${options.worklets}playback.js`),
    ]);
    await context.resume();
    const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    const playback = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [2] });
    const engine = new Engine(context, stream, capture, playback);
    engine.connect(options);
    return engine;
  }

  private connect(options: EngineOptions): void {
    const source = this.context.createMediaStreamSource(this.stream);
    source.connect(this.capture);
    source.connect(this.caller);
    this.playback.connect(this.far);
    this.far.connect(this.context.destination);
    this.capture.port.onmessage = ({ data }) => options.onChunk(data.pcm, data.level);
    this.playback.port.onmessage = ({ data }) => {
      if (data.played !== undefined) options.onPlayed(data.played);
      if (data.flushed !== undefined) options.onFlushed(data.flushed);
    };
    for (const track of this.stream.getAudioTracks()) track.addEventListener("ended", options.onMicrophoneLost);
  }

  play(pcm: ArrayBuffer): void {
    this.playback.port.postMessage({ pcm }, [pcm]);
  }

  // Silence at once; `onFlushed` tells how much was played.
  flush(): void {
    this.playback.port.postMessage({ flush: true });
  }

  // A new connection counts from zero.
  reset(): void {
    this.playback.port.postMessage({ reset: true });
  }

  mute(on: boolean): void {
    this.muted = on;
    this.capture.port.postMessage({ muted: on });
  }

  get isMuted(): boolean {
    return this.muted;
  }

  async close(): Promise<void> {
    for (const track of this.stream.getTracks()) track.stop();
    this.capture.port.onmessage = null;
    this.playback.port.onmessage = null;
    if (this.context.state !== "closed") await this.context.close();
  }
}

function analyser(context: AudioContext): AnalyserNode {
  const node = context.createAnalyser();
  node.fftSize = 256;
  node.smoothingTimeConstant = 0.75;
  return node;
}
