/**
 * Everything the call screen does besides changing its state: sound, socket, requests, downloads.
 *
 * Views call its methods, it answers with actions to the reducer. Tokens stay in here; no script of the page and no
 * view can read them.
 */

import { CallEngine } from '@call/audio-engine/engine';
import type { EngineEvent, EngineOptions } from '@call/audio-engine/engine';
import { MicrophoneError } from '@call/audio-engine/microphone';
import type { CallAudio } from '@call/audio-engine/audio';
import type { ServerMessage } from '@call/audio-engine/protocol';
import type { WidgetConfig } from '../config.ts';
import { ApiError, createSession, fetchRecording, fetchTranscript, sendFeedback } from './api.ts';
import type { CallRef, Customer, Rating, Session } from './api.ts';
import { saveBlob } from './download.ts';
import type { Action } from './state.ts';
import { refusalOfAnswer, refusalOfCloseCode } from './wording.ts';

export interface ControllerOptions {
  chatbotId: string;
  companyId: string;
  config: WidgetConfig;
  /** Where sessions come from, if not from the public interface. */
  openSession?(): Promise<Session>;
  engine: Omit<EngineOptions, 'emit'>;
  dispatch(action: Action): void;
  /** Wall clock in ms. */
  clock(): number;
}

/** How long the sound may stay suspended before the caller is asked for a click. */
const GESTURE_WAIT_MS = 1_200;
/** How long the server may take to confirm the end. */
const END_WAIT_MS = 3_000;
const RECORDING_TRIES = 20;
const RECORDING_WAIT_MS = 3_000;

export class CallController {
  private engine: CallEngine | null = null;
  private call: CallRef | null = null;
  private customer: Customer = {};
  /** Grows with every start, so that late answers of an abandoned call are recognised. */
  private generation = 0;
  private lastPlayed = 0;
  private gesture: (() => void) | null = null;

  constructor(private readonly options: ControllerOptions) {}

  get sound(): CallAudio | null {
    return this.engine?.sound ?? null;
  }

  /** Of the running call, else of the one before. */
  get playedSamples(): number {
    return this.engine?.playedSamples ?? this.lastPlayed;
  }

  /** Asks for the microphone, then for a session, then connects. Call inside the click where there is one. */
  async start(customer: Customer = this.customer): Promise<void> {
    const { dispatch } = this.options;
    await this.release();
    this.customer = customer;
    const generation = ++this.generation;
    dispatch({ type: 'begin' });
    const engine = new CallEngine({
      ...this.options.engine,
      emit: (event) => {
        if (generation === this.generation) this.engineSaid(event);
      },
    });
    this.engine = engine;
    try {
      await engine.openAudio();
      if (!(await this.soundRuns(engine, generation))) return;
      dispatch({ type: 'connecting' });
      await this.join(engine, generation);
    } catch (error) {
      if (generation === this.generation) this.startFailed(error);
    }
  }

  /** The click a browser demands before it plays sound. */
  async giveGesture(): Promise<void> {
    await this.sound?.resume();
    this.gesture?.();
  }

  async retryMicrophone(): Promise<void> {
    try {
      await this.sound?.replaceMicrophone();
      this.options.dispatch({ type: 'microphone-back' });
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.options.dispatch({ type: 'microphone-lost' });
    }
  }

  mute(on: boolean): void {
    this.engine?.mute(on);
    this.options.dispatch({ type: 'muted', on });
  }

  /** Hangs up; when the server does not confirm in time, the screen goes on without it. */
  hangUp(): void {
    const generation = this.generation;
    this.options.dispatch({ type: 'ending' });
    this.engine?.end();
    this.options.engine.environment.after(END_WAIT_MS, () => {
      if (generation === this.generation) this.finish({ type: 'closed', at: this.options.clock() });
    });
  }

  networkCameBack(): void {
    this.engine?.networkCameBack();
  }

  async rate(rating: Rating): Promise<void> {
    if (this.call === null) return;
    this.options.dispatch({ type: 'feedback', state: 'sending' });
    try {
      await sendFeedback(this.call, rating);
      this.options.dispatch({ type: 'feedback', state: 'sent' });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.options.dispatch({ type: 'feedback', state: 'failed' });
    }
  }

  /** Throws ApiError. */
  async downloadTranscript(): Promise<void> {
    if (this.call === null) return;
    const day = new Date(this.options.clock()).toISOString().slice(0, 10);
    saveBlob(await fetchTranscript(this.call), `transcript-${this.call.callId}-${day}.txt`);
  }

  /** The recording is made after the call; asks every few seconds until it is there. */
  async downloadRecording(): Promise<void> {
    const { dispatch } = this.options;
    const { call } = this;
    if (call === null) return;
    dispatch({ type: 'recording', state: 'pending' });
    try {
      for (let attempt = 0; attempt < RECORDING_TRIES; attempt += 1) {
        const blob = await fetchRecording(call);
        if (blob !== null) {
          const extension = blob.type.includes('wav') ? 'wav' : blob.type.includes('mpeg') ? 'mp3' : 'webm';
          saveBlob(blob, `recording-${call.callId}.${extension}`);
          dispatch({ type: 'recording', state: 'ready' });
          return;
        }
        await this.pause(RECORDING_WAIT_MS);
        if (call !== this.call) return;
      }
      dispatch({ type: 'recording', state: 'failed' });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      dispatch({ type: 'recording', state: 'failed' });
    }
  }

  /** Lets go of microphone and socket; for a window that closes. */
  async release(): Promise<void> {
    this.generation += 1;
    const { engine } = this;
    this.lastPlayed = engine?.playedSamples ?? this.lastPlayed;
    this.engine = null;
    await engine?.close();
  }

  private async join(engine: CallEngine, generation: number): Promise<void> {
    const { chatbotId, companyId, dispatch } = this.options;
    const session = await (this.options.openSession?.() ?? createSession(chatbotId, companyId, this.customer));
    if (generation !== this.generation) return;
    this.call = { callId: session.callId, readToken: session.readToken };
    dispatch({ type: 'session', callId: session.callId });
    engine.connect(session.websocketUrl, session.token);
  }

  /** Waits until the browser plays; false when this start was abandoned meanwhile. */
  private async soundRuns(engine: CallEngine, generation: number): Promise<boolean> {
    const { environment } = this.options.engine;
    const started = environment.now();
    while (!engine.sound?.running) {
      if (generation !== this.generation) return false;
      if (environment.now() - started > GESTURE_WAIT_MS) {
        this.options.dispatch({ type: 'gesture-needed' });
        await new Promise<void>((resolve) => (this.gesture = resolve));
        this.gesture = null;
        break;
      }
      await this.pause(40);
    }
    return generation === this.generation;
  }

  private startFailed(error: unknown): void {
    const { dispatch } = this.options;
    void this.release();
    if (error instanceof MicrophoneError) dispatch({ type: 'microphone-failed', problem: error.problem });
    else if (error instanceof ApiError) dispatch({ type: 'refused', refusal: refusalOfAnswer(error.status, error.code) });
    else {
      console.error('[call widget] the call could not start', error);
      dispatch({ type: 'refused', refusal: 'server' });
    }
  }

  private engineSaid(event: EngineEvent): void {
    const { dispatch, clock } = this.options;
    switch (event.type) {
      case 'connected':
        dispatch({ type: 'connected', callId: event.callId, elapsedMs: event.elapsedMs, at: clock() });
        return;
      case 'message':
        this.serverSaid(event.message);
        return;
      case 'quality':
        dispatch({ type: 'quality', level: event.level });
        return;
      case 'refused':
        this.finish({ type: 'refused', refusal: refusalOfCloseCode(event.code) });
        return;
      case 'closed':
        this.finish({ type: 'closed', at: clock() });
        return;
      case 'lost':
        this.finish({ type: 'lost' });
        return;
      default:
        dispatch({ type: event.type });
    }
  }

  private serverSaid(message: ServerMessage): void {
    const { dispatch } = this.options;
    switch (message.type) {
      case 'transcript':
        dispatch({ type: 'caption', caption: message.data });
        return;
      case 'user_speaking':
        dispatch({ type: 'user-speaking', on: message.on });
        return;
      case 'agent_speaking':
        dispatch({ type: 'agent-speaking', on: message.on });
        return;
      case 'stop_audio':
        dispatch({ type: 'interrupted' });
        return;
      case 'status':
        dispatch({ type: 'status', status: message.state });
        return;
      case 'call_ended':
        this.finish({ type: 'ended', data: message.data });
        return;
      case 'error':
        console.warn('[call widget] the server reported', message.code);
        return;
      default:
    }
  }

  private finish(action: Action): void {
    this.options.dispatch(action);
    void this.release();
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.options.engine.environment.after(ms, resolve));
  }
}
