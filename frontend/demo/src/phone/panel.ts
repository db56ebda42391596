/** One phone on the page: microphone and loudspeaker on one side, a carrier's stand-in on the other, one call at a time. */

import { CallAudio } from '@call/audio-engine/audio';
import type { PlaybackReport } from '@call/audio-engine/audio';
import { MicrophoneError, isCallSupported } from '@call/audio-engine/microphone';
import { Trace } from '@call/audio-engine/trace';
import captureUrl from '@call/audio-engine/worklets/capture.js?url';
import playbackUrl from '@call/audio-engine/worklets/playback.js?url';
import resamplerUrl from '@call/audio-engine/worklets/resampler.js?url';
import { readable } from './doors.ts';
import { PhoneLine, socketAddress } from './line.ts';
import type { Ending, Happening, Kind } from './line.ts';
import { ringingTone } from './tone.ts';
import { PhoneView } from './view.ts';
import { BY, ENDINGS, PROBLEMS, TITLE, clock, spoken } from './wording.ts';

/** Sound waiting for longer than this (24 kHz samples) came late in one piece, and is dropped to stay in time. */
const MOST_WAITING = 24_000;
const LEVEL_MS = 80;

interface Wish {
  kind: Kind;
  number: string;
  name: string;
}

/** What browser tests read. */
interface Evidence {
  callId: string;
  state: string;
  log: Trace['log'];
  heard(): Float32Array;
}

export class PhonePanel {
  private readonly view: PhoneView;
  private wish: Wish | null = null;
  private opener: Element | null = null;
  private audio: CallAudio | null = null;
  private line: PhoneLine | null = null;
  private stopTone: () => void = () => undefined;
  private timer: number | null = null;
  private connectedAt: number | null = null;
  private trace: Trace | null = null;
  private evidence: Evidence | null = null;
  /** Each call has a number; what comes late from an earlier one is ignored. */
  private call = 0;

  constructor(private readonly debug: boolean) {
    this.view = new PhoneView({
      press: (digit) => this.press(digit),
      mute: (on) => this.mute(on),
      hangUp: () => this.hangUp(),
      again: () => void this.start(),
      close: () => this.close(),
    });
    addEventListener('pagehide', () => this.line?.hangUp());
  }

  get root(): HTMLElement {
    return this.view.root;
  }

  /** Call inside the click. A call that goes on is shown instead. */
  ring(kind: Kind, number: string, name: string): void {
    if (this.line !== null || this.audio !== null) {
      this.view.root.focus();
      this.view.say('A call is going on. Hang up first.');
      return;
    }
    this.opener = document.activeElement;
    this.wish = { kind, number, name };
    void this.start();
  }

  private async start(): Promise<void> {
    const wish = this.wish;
    if (wish === null || this.line !== null) return;
    this.call += 1;
    const call = this.call;
    this.view.begin(`${TITLE[wish.kind]} with ${wish.name}`, readable(wish.number));
    this.view.show('Asking for the microphone…', '', true);
    if (!isCallSupported(globalThis)) {
      this.fail(new MicrophoneError('unsupported'));
      return;
    }
    try {
      const audio = await this.openAudio(call);
      if (call !== this.call) void audio.close();
      else this.dial(audio, wish);
    } catch (error) {
      if (call === this.call) this.fail(error);
    }
  }

  private openAudio(call: number): Promise<CallAudio> {
    return CallAudio.open(
      {
        worklets: { resampler: resamplerUrl, capture: captureUrl, playback: playbackUrl },
        microphone: { echoCancellation: !this.debug, noiseSuppression: !this.debug, autoGainControl: !this.debug },
        tap: this.debug,
      },
      {
        chunk: (pcm) => this.line?.speak(pcm),
        playback: (report) => this.played(report),
        microphoneLost: () => {
          if (call === this.call) this.view.say('The microphone was disconnected. You are not heard any more.');
        },
      },
    );
  }

  private dial(audio: CallAudio, wish: Wish): void {
    this.audio = audio;
    if (this.debug) this.collectEvidence();
    this.view.show('Dialling…', '', true);
    const call = this.call;
    const socket = new WebSocket(socketAddress(location.href, wish.kind, wish.number));
    this.line = new PhoneLine(socket, (what) => {
      if (call === this.call) this.happened(what, wish);
    });
    this.timer = window.setInterval(() => this.tick(), LEVEL_MS);
  }

  private happened(what: Happening, wish: Wish): void {
    if (what.type === 'sound') {
      this.audio?.play(what.pcm);
      return;
    }
    this.note(what.type);
    switch (what.type) {
      case 'ringing':
        this.stopTone = ringingTone();
        if (this.evidence !== null) this.evidence.callId = what.callId;
        this.view.show('Ringing…', '', true);
        this.view.say(`Ringing ${wish.name} ${BY[wish.kind]}.`);
        break;
      case 'connected':
        this.stopTone();
        this.connectedAt = performance.now();
        this.view.show('Connected', '0:00', true);
        this.view.say('Connected. You can speak.');
        break;
      case 'ended':
        this.ended(what.ending);
        break;
    }
  }

  private ended(ending: Ending): void {
    const seconds = this.connectedAt === null ? null : (performance.now() - this.connectedAt) / 1000;
    const took = seconds === null ? '' : ` The call took ${spoken(seconds)}.`;
    this.letGo();
    this.view.show('Call ended', ENDINGS[ending] + (seconds === null ? '' : ` ${clock(seconds)}`), false);
    this.view.say(`The call has ended. ${ENDINGS[ending]}${took}`);
  }

  private fail(error: unknown): void {
    this.letGo();
    const { title, text } = PROBLEMS[error instanceof MicrophoneError ? error.problem : 'unsupported'];
    this.view.show(title, text, false);
    this.view.say(`${title}. ${text}`);
  }

  private letGo(): void {
    this.stopTone();
    if (this.timer !== null) window.clearInterval(this.timer);
    this.timer = this.connectedAt = null;
    this.line = null;
    void this.audio?.close();
    this.audio = null;
  }

  private press(digit: string): void {
    this.line?.press(digit);
    if (this.connectedAt !== null) this.view.say(`${digit} pressed.`);
  }

  private mute(on: boolean): void {
    this.audio?.mute(on);
    this.view.say(on ? 'Your microphone is muted.' : 'Your microphone is on.');
  }

  private hangUp(): void {
    if (this.line !== null) this.line.hangUp();
    else this.close();
  }

  private close(): void {
    this.call += 1;
    this.letGo();
    this.view.hide();
    if (this.opener instanceof HTMLElement) this.opener.focus();
  }

  private tick(): void {
    if (this.connectedAt !== null) this.view.tick(clock((performance.now() - this.connectedAt) / 1000));
    if (this.audio === null) return;
    const wave = new Float32Array(this.audio.userAnalyser.fftSize);
    this.audio.userAnalyser.getFloatTimeDomainData(wave);
    const loudness = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
    this.view.showLevel(Math.min(1, loudness * 6));
  }

  private played(report: PlaybackReport): void {
    if (report.type === 'position' && report.queued > MOST_WAITING) this.audio?.flush();
    else if (report.type === 'heard') this.trace?.heard(report.samples, report.rate);
    else if (report.type === 'sounding') this.trace?.note('sounding', undefined, this.audio?.age(report.at));
  }

  private note(event: string): void {
    this.trace?.note(event);
    if (this.evidence !== null) this.evidence.state = event;
  }

  private collectEvidence(): void {
    const trace = new Trace(() => performance.now());
    this.trace = trace;
    this.evidence = { callId: '', state: 'dialling', log: trace.log, heard: () => trace.heardAudio() };
    (window as unknown as { __phone: Evidence }).__phone = this.evidence;
  }
}
