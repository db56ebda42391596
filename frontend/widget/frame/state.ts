/**
 * The whole call screen as one value, and the only function that changes it.
 *
 * Pure: time comes in with the actions, sound and network live in effects. An ended call never comes back to life:
 * after `ended` only feedback and downloads change; a new call starts from `restarted`.
 */

import type { MicrophoneProblem } from '@call/audio-engine/microphone';
import type { CallEndedData, CallStatus, QualityLevel, TranscriptData } from '@call/audio-engine/protocol';

export type Phase =
  | 'form'
  | 'permission'
  | 'gesture'
  | 'microphone'
  | 'refused'
  | 'connecting'
  | 'live'
  | 'reconnecting'
  | 'ending'
  | 'lost'
  | 'ended';

/** Why no call came about, or why it was taken away; each has a sentence in every language. */
export type Refusal =
  | 'unavailable'
  | 'domain'
  | 'rate'
  | 'full'
  | 'not-found'
  | 'expired'
  | 'replaced'
  | 'browser'
  | 'network'
  | 'server';

export type Caption = TranscriptData;

export interface CallResult {
  durationS: number;
  reason: string;
}

export type FeedbackState = 'open' | 'sending' | 'sent' | 'failed';
export type RecordingState = 'unasked' | 'pending' | 'ready' | 'failed';

export interface CallState {
  phase: Phase;
  /** True from the moment a connection was confirmed. */
  wasConnected: boolean;
  problem: MicrophoneProblem | null;
  refusal: Refusal | null;
  callId: string | null;
  /** Wall clock of the call's first second, in ms; null before. */
  startedAt: number | null;
  muted: boolean;
  agentSpeaking: boolean;
  userSpeaking: boolean;
  status: CallStatus;
  quality: QualityLevel;
  microphoneLost: boolean;
  captions: readonly Caption[];
  result: CallResult | null;
  leaving: 'end' | 'chat' | null;
  minimised: boolean;
  feedback: FeedbackState;
  recording: RecordingState;
}

export type Action =
  | { type: 'begin' }
  | { type: 'gesture-needed' }
  | { type: 'microphone-failed'; problem: MicrophoneProblem }
  | { type: 'microphone-lost' }
  | { type: 'microphone-back' }
  | { type: 'connecting' }
  | { type: 'refused'; refusal: Refusal }
  | { type: 'session'; callId: string }
  | { type: 'connected'; callId: string; elapsedMs: number; at: number }
  | { type: 'reconnecting' }
  | { type: 'lost' }
  | { type: 'caption'; caption: Caption }
  | { type: 'user-speaking'; on: boolean }
  | { type: 'agent-speaking'; on: boolean }
  | { type: 'interrupted' }
  | { type: 'status'; status: CallStatus }
  | { type: 'quality'; level: QualityLevel }
  | { type: 'muted'; on: boolean }
  | { type: 'leave-asked'; why: 'end' | 'chat' }
  | { type: 'leave-cancelled' }
  | { type: 'ending' }
  | { type: 'ended'; data: CallEndedData }
  | { type: 'closed'; at: number }
  | { type: 'minimised'; on: boolean }
  | { type: 'feedback'; state: FeedbackState }
  | { type: 'recording'; state: RecordingState }
  | { type: 'restarted'; phase: Phase };

export function initialState(phase: Phase): CallState {
  return {
    phase,
    wasConnected: false,
    problem: null,
    refusal: null,
    callId: null,
    startedAt: null,
    muted: false,
    agentSpeaking: false,
    userSpeaking: false,
    status: 'listening',
    quality: 'good',
    microphoneLost: false,
    captions: [],
    result: null,
    leaving: null,
    minimised: false,
    feedback: 'open',
    recording: 'unasked',
  };
}

/** True while closing the window would cut somebody off. */
export function isCallRunning(state: CallState): boolean {
  return ['connecting', 'live', 'reconnecting', 'ending'].includes(state.phase);
}

export function reduce(state: CallState, action: Action): CallState {
  if (action.type === 'restarted') return initialState(action.phase);
  if (state.phase === 'ended') return reduceAfterwards(state, action);
  return reduceCall(reduceSetup(state, action), action);
}

function reduceAfterwards(state: CallState, action: Action): CallState {
  switch (action.type) {
    case 'feedback':
      return { ...state, feedback: action.state };
    case 'recording':
      return { ...state, recording: action.state };
    default:
      return state;
  }
}

function reduceSetup(state: CallState, action: Action): CallState {
  switch (action.type) {
    case 'begin':
      return { ...state, phase: 'permission', problem: null, refusal: null };
    case 'gesture-needed':
      return { ...state, phase: 'gesture' };
    case 'microphone-failed':
      return { ...state, phase: 'microphone', problem: action.problem };
    case 'connecting':
      return { ...state, phase: 'connecting' };
    case 'session':
      return { ...state, callId: action.callId };
    case 'refused':
      return { ...state, ...silent, phase: 'refused', refusal: action.refusal };
    case 'connected':
      return {
        ...state,
        phase: state.phase === 'ending' ? 'ending' : 'live',
        wasConnected: true,
        callId: action.callId,
        startedAt: state.startedAt ?? action.at - action.elapsedMs,
        // A line that was still growing belongs to the connection before: what became of it, the server tells.
        captions: state.captions.filter((caption) => caption.final),
      };
    default:
      return state;
  }
}

const silent = { agentSpeaking: false, userSpeaking: false, leaving: null, minimised: false } as const;

function reduceCall(state: CallState, action: Action): CallState {
  switch (action.type) {
    case 'reconnecting':
      return { ...state, phase: 'reconnecting', agentSpeaking: false, userSpeaking: false };
    case 'lost':
      return { ...state, ...silent, phase: state.wasConnected ? 'lost' : 'refused', refusal: 'network' };
    case 'ending':
      return { ...state, phase: 'ending', leaving: null, minimised: false };
    case 'ended':
      return finish(state, { durationS: action.data.duration, reason: action.data.reason });
    case 'closed':
      return closed(state, action.at);
    case 'leave-asked':
      return { ...state, leaving: action.why };
    case 'leave-cancelled':
      return { ...state, leaving: null };
    case 'minimised':
      return { ...state, minimised: action.on };
    default:
      return reduceLive(state, action);
  }
}

function reduceLive(state: CallState, action: Action): CallState {
  switch (action.type) {
    case 'caption':
      return { ...state, captions: withCaption(state.captions, action.caption) };
    case 'user-speaking':
      return { ...state, userSpeaking: action.on, status: action.on ? 'listening' : state.status };
    case 'agent-speaking':
      return { ...state, agentSpeaking: action.on, status: action.on ? 'listening' : state.status };
    case 'interrupted':
      return { ...state, agentSpeaking: false };
    case 'status':
      return { ...state, status: action.status };
    case 'quality':
      return { ...state, quality: action.level };
    case 'muted':
      return { ...state, muted: action.on };
    case 'microphone-lost':
      return { ...state, microphoneLost: true };
    case 'microphone-back':
      return { ...state, microphoneLost: false };
    default:
      return state;
  }
}

/** The socket closed without `call_ended`: the call is over, its length is what we saw ourselves. */
function closed(state: CallState, at: number): CallState {
  if (!state.wasConnected) return { ...state, ...silent, phase: 'refused', refusal: 'server' };
  const durationS = state.startedAt === null ? 0 : Math.max(0, Math.round((at - state.startedAt) / 1000));
  return finish(state, { durationS, reason: state.phase === 'ending' ? 'user_ended' : 'error' });
}

function finish(state: CallState, result: CallResult): CallState {
  return { ...state, ...silent, phase: 'ended', result };
}

/** Replaces the caption of the same id, else inserts by start; an empty text removes it. */
function withCaption(captions: readonly Caption[], caption: Caption): readonly Caption[] {
  const others = captions.filter((one) => one.id !== caption.id);
  if (caption.text.trim() === '') return others;
  const at = others.findIndex((one) => one.startMs > caption.startMs);
  return at < 0 ? [...others, caption] : [...others.slice(0, at), caption, ...others.slice(at)];
}
