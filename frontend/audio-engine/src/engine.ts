/**
 * One call of the widget: sound on one side, the socket on the other, and the promises between them.
 *
 * Promises to the server: `played` every 200 ms while sound plays and once when the queue runs empty; `stopped` after
 * each `stop_audio`; counts begin anew with each connection. Promises to the page: events, never audio.
 */

import { CallAudio } from './audio.ts';
import type { AudioOptions, PlaybackReport } from './audio.ts';
import { CallLink } from './link.ts';
import type { LinkEnvironment } from './link.ts';
import { decodeBase64, encodeBase64 } from './pcm.ts';
import type { QualityLevel, ServerMessage } from './protocol.ts';
import { assessQuality } from './quality.ts';
import type { Trace } from './trace.ts';

export type EngineEvent =
  | { type: 'connected'; callId: string; resumed: boolean; elapsedMs: number }
  | { type: 'message'; message: ServerMessage }
  | { type: 'quality'; level: QualityLevel }
  | { type: 'reconnecting' }
  | { type: 'lost'; code: number }
  | { type: 'refused'; code: number }
  | { type: 'closed' }
  | { type: 'microphone-lost' };

export interface EngineOptions {
  audio: AudioOptions;
  environment: LinkEnvironment;
  trace: Trace | null;
  emit(event: EngineEvent): void;
}

const REPORT_MS = 2_000;

export class CallEngine {
  private audio: CallAudio | null = null;
  private link: CallLink | null = null;
  private muted = false;
  private epoch = 0;
  private played = 0;
  private underruns = 0;
  private reportedUnderruns = 0;
  private reportTimer: number | null = null;
  private serverJudges = false;
  /** Flushes asked for and not yet answered: only a `stop_audio` is answered with `stopped`. */
  private stopping = 0;
  private over = false;

  constructor(private readonly options: EngineOptions) {}

  /** Call inside the click. Throws MicrophoneError. */
  async openAudio(): Promise<void> {
    this.audio = await CallAudio.open(this.options.audio, {
      chunk: (pcm) => void this.link?.sendAudio(encodeBase64(pcm)),
      playback: (report) => this.playbackReported(report),
      microphoneLost: () => this.options.emit({ type: 'microphone-lost' }),
    });
  }

  get sound(): CallAudio | null {
    return this.audio;
  }

  /** 24 kHz samples heard since the current connection began, as last reported by the worklet. */
  get playedSamples(): number {
    return this.played;
  }

  connect(url: string, token: string): void {
    const { emit } = this.options;
    this.link = new CallLink(url, token, this.options.environment, {
      connected: (message) => {
        this.options.trace?.note('confirmed');
        this.beginConnection();
        emit({
          type: 'connected',
          callId: message.callId,
          resumed: message.resumed ?? false,
          elapsedMs: message.elapsedMs ?? 0,
        });
      },
      message: (message) => this.received(message),
      reconnecting: () => emit({ type: 'reconnecting' }),
      lost: (code) => emit({ type: 'lost', code }),
      refused: (code) => emit({ type: 'refused', code }),
      closed: () => emit({ type: 'closed' }),
    });
    this.link.connect();
    this.report();
  }

  mute(on: boolean): void {
    this.muted = on;
    this.audio?.mute(on);
    this.link?.send({ type: 'mute', on });
  }

  /** Asks the server to end the call; its `call_ended` follows. */
  end(): void {
    this.link?.end();
  }

  networkCameBack(): void {
    this.link?.retryNow();
  }

  /** Hangs up when the call still runs, and lets go of microphone and socket. */
  async close(): Promise<void> {
    if (!this.over) this.link?.end();
    if (this.reportTimer !== null) this.options.environment.cancel(this.reportTimer);
    this.reportTimer = null;
    this.link?.close();
    this.link = null;
    await this.audio?.close();
    this.audio = null;
  }

  private beginConnection(): void {
    this.epoch += 1;
    this.audio?.startEpoch(this.epoch);
    this.played = 0;
    this.stopping = 0;
    if (this.muted) this.link?.send({ type: 'mute', on: true });
  }

  private received(message: ServerMessage): void {
    switch (message.type) {
      case 'audio':
        this.options.trace?.note('audioReceived');
        this.audio?.play(decodeBase64(message.data));
        return;
      case 'stop_audio':
        this.options.trace?.note('stopAudioReceived');
        this.stopping += 1;
        this.audio?.flush();
        break;
      case 'quality':
        this.serverJudges = true;
        this.options.emit({ type: 'quality', level: message.level });
        return;
      case 'call_ended':
        this.over = true;
        break;
      default:
        break;
    }
    this.options.emit({ type: 'message', message });
  }

  private playbackReported(report: PlaybackReport): void {
    const { trace } = this.options;
    if (report.epoch !== this.epoch && report.type !== 'heard') return;
    switch (report.type) {
      case 'started':
        trace?.note('audioPlayed');
        return;
      case 'position':
        this.setPlayed(report.played);
        return;
      case 'drained':
        trace?.note('drained', report.played);
        this.underruns = report.underruns;
        this.setPlayed(report.played);
        return;
      case 'flushed':
        this.flushed(report.played);
        return;
      case 'overflow':
        trace?.note('overflow', report.dropped);
        return;
      case 'sounding':
        trace?.note('sounding', undefined, this.audio?.age(report.at));
        return;
      case 'heard':
        // Reports still under way when the sound was closed come too.
        trace?.heard(report.samples, report.rate);
    }
  }

  private setPlayed(samples: number): void {
    this.played = samples;
    this.link?.send({ type: 'played', samples });
  }

  private flushed(samples: number): void {
    this.options.trace?.note('flushedAt', samples);
    this.played = samples;
    if (this.stopping === 0) return;
    this.stopping -= 1;
    this.link?.send({ type: 'stopped', samples });
  }

  private report(): void {
    if (this.link === null) return;
    const measures = this.link.measures();
    const underruns = this.underruns - this.reportedUnderruns;
    this.reportedUnderruns = this.underruns;
    this.link.send({ type: 'quality', ...measures, underruns });
    if (!this.serverJudges) this.options.emit({ type: 'quality', level: assessQuality({ ...measures, underruns }) });
    this.reportTimer = this.options.environment.after(REPORT_MS, () => this.report());
  }
}
