/**
 * The browser's sound for one call: microphone to 20 ms chunks, and a playback ring with exact counts.
 *
 * Chromium and Safari run the whole context at 24 kHz; Firefox keeps the device rate, where its own conversion of a
 * microphone is poor, and the worklets convert with a polyphase filter.
 */

import { openMicrophone } from './microphone.ts';
import type { MicrophoneOptions } from './microphone.ts';
import { SAMPLE_RATE } from './protocol.ts';

export interface WorkletUrls {
  resampler: string;
  capture: string;
  playback: string;
}

/** `epoch` names the connection a report belongs to; counts of an earlier one mean nothing to a later one. */
export type PlaybackReport = { epoch: number } & (
  | { type: 'started' }
  | { type: 'position'; played: number; queued: number }
  | { type: 'drained'; played: number; underruns: number }
  | { type: 'flushed'; played: number }
  | { type: 'overflow'; dropped: number }
  | { type: 'heard'; samples: Float32Array; rate: number }
  | { type: 'sounding'; at: number }
);

export interface AudioListener {
  /** 20 ms of PCM16 at 24 kHz. */
  chunk(pcm: ArrayBuffer): void;
  playback(report: PlaybackReport): void;
  /** The device was unplugged, or permission was withdrawn. */
  microphoneLost(): void;
}

export interface AudioOptions {
  worklets: WorkletUrls;
  microphone: MicrophoneOptions;
  /** Also report what was really played (for tests). */
  tap: boolean;
}

const ANALYSER_SIZE = 256;

export class CallAudio {
  readonly userAnalyser: AnalyserNode;
  readonly agentAnalyser: AnalyserNode;
  private source: MediaStreamAudioSourceNode | null = null;
  private stream: MediaStream | null = null;
  private muted = false;

  private constructor(
    private readonly context: AudioContext,
    private readonly capture: AudioWorkletNode,
    private readonly playbackNode: AudioWorkletNode,
    private readonly options: AudioOptions,
    private readonly listener: AudioListener,
  ) {
    this.userAnalyser = new AnalyserNode(context, { fftSize: ANALYSER_SIZE, smoothingTimeConstant: 0.8 });
    this.agentAnalyser = new AnalyserNode(context, { fftSize: ANALYSER_SIZE, smoothingTimeConstant: 0.8 });
    playbackNode.connect(this.agentAnalyser).connect(context.destination);
    capture.port.onmessage = ({ data }: MessageEvent<{ pcm: ArrayBuffer }>) => listener.chunk(data.pcm);
    playbackNode.port.onmessage = ({ data }: MessageEvent<PlaybackReport>) => listener.playback(data);
  }

  /** Call inside the click: the context is made and the permission asked at once. Throws MicrophoneError. */
  static async open(options: AudioOptions, listener: AudioListener): Promise<CallAudio> {
    const context = newContext();
    const resumed = context.resume().catch(() => undefined);
    try {
      const [stream] = await Promise.all([
        openMicrophone(navigator.mediaDevices, options.microphone),
        loadWorklets(context, options.worklets),
      ]);
      void resumed;
      const audio = new CallAudio(context, ...nodes(context, options), options, listener);
      audio.attach(stream);
      return audio;
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  /** How long ago, in ms, the sound of this context time left the worklet. */
  age(contextTime: number): number {
    return (this.context.currentTime - contextTime) * 1000;
  }

  /** False while the browser waits for a gesture before it plays anything. */
  get running(): boolean {
    return this.context.state === 'running';
  }

  /** Call inside a click when `running` is false. */
  async resume(): Promise<void> {
    await this.context.resume();
  }

  play(pcm: ArrayBuffer): void {
    this.playbackNode.port.postMessage({ type: 'pcm', pcm }, [pcm]);
  }

  /** Drops what is queued; a `flushed` report follows. */
  flush(): void {
    this.playbackNode.port.postMessage({ type: 'flush' });
  }

  /** Starts counting anew, for a new connection. */
  startEpoch(epoch: number): void {
    this.playbackNode.port.postMessage({ type: 'epoch', epoch });
  }

  mute(on: boolean): void {
    this.muted = on;
    this.capture.port.postMessage({ type: 'mute', on });
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !on;
  }

  /** Takes a microphone again after it was lost. Throws MicrophoneError. */
  async replaceMicrophone(): Promise<void> {
    this.attach(await openMicrophone(navigator.mediaDevices, this.options.microphone));
    this.mute(this.muted);
  }

  stopMicrophone(): void {
    this.source?.disconnect();
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.stream = null;
  }

  async close(): Promise<void> {
    this.stopMicrophone();
    if (this.context.state !== 'closed') await this.context.close();
  }

  private attach(stream: MediaStream): void {
    this.stopMicrophone();
    this.stream = stream;
    this.source = this.context.createMediaStreamSource(stream);
    this.source.connect(this.userAnalyser);
    this.source.connect(this.capture);
    for (const track of stream.getAudioTracks()) track.onended = () => this.listener.microphoneLost();
  }
}

function newContext(): AudioContext {
  const latencyHint = 'interactive';
  if (/Firefox\//.test(navigator.userAgent)) return new AudioContext({ latencyHint });
  try {
    return new AudioContext({ latencyHint, sampleRate: SAMPLE_RATE });
  } catch {
    // A device that refuses the rate gets its own; the worklets convert.
    return new AudioContext({ latencyHint });
  }
}

async function loadWorklets(context: AudioContext, urls: WorkletUrls): Promise<void> {
  await context.audioWorklet.addModule(urls.resampler);
  await Promise.all([context.audioWorklet.addModule(urls.capture), context.audioWorklet.addModule(urls.playback)]);
}

function nodes(context: AudioContext, options: AudioOptions): [AudioWorkletNode, AudioWorkletNode] {
  const capture = new AudioWorkletNode(context, 'call-capture', {
    numberOfInputs: 1,
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: 'explicit',
  });
  const playback = new AudioWorkletNode(context, 'call-playback', {
    numberOfInputs: 0,
    numberOfOutputs: 1,
    outputChannelCount: [1],
    processorOptions: { tap: options.tap },
  });
  return [capture, playback];
}
