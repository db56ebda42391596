/** Turns states and codes into sentences of one language; no sentence is written anywhere else. */

import { CloseCode } from '@call/audio-engine/protocol';
import type { MicrophoneProblem } from '@call/audio-engine/microphone';
import type { Language } from '../config.ts';
import type { Texts } from '../locales/en.ts';
import type { CallState, Refusal } from './state.ts';

const LOCALES: Readonly<Record<Language, () => Promise<{ texts: Texts }>>> = {
  en: () => import('../locales/en.ts'),
  es: () => import('../locales/es.ts'),
  fr: () => import('../locales/fr.ts'),
  de: () => import('../locales/de.ts'),
};

export async function loadTexts(language: Language): Promise<Texts> {
  return (await LOCALES[language]()).texts;
}

export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
}

/** 225 becomes "3:45", 3725 becomes "1:02:05". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function refusalOfCloseCode(code: number): Refusal {
  const known: Readonly<Record<number, Refusal>> = {
    [CloseCode.Unauthorized]: 'expired',
    [CloseCode.OriginNotAllowed]: 'domain',
    [CloseCode.Replaced]: 'replaced',
    [CloseCode.CallUnavailable]: 'unavailable',
    [CloseCode.Flood]: 'rate',
    [CloseCode.Full]: 'full',
  };
  return known[code] ?? 'server';
}

/** From the error code of the HTTP answer, and its status where the code says nothing. */
export function refusalOfAnswer(status: number, code: string): Refusal {
  const known: Readonly<Record<string, Refusal>> = {
    call_unavailable: 'unavailable',
    not_permitted: 'domain',
    rate_limited: 'rate',
    capacity_exceeded: 'full',
    not_found: 'not-found',
  };
  const byStatus: Readonly<Record<number, Refusal>> = { 0: 'network', 403: 'domain', 404: 'not-found', 429: 'rate', 503: 'full' };
  return known[code] ?? byStatus[status] ?? 'server';
}

export function refusalText(texts: Texts, refusal: Refusal): string {
  const sentences: Readonly<Record<Refusal, string>> = {
    unavailable: texts.unavailable,
    domain: texts.domain,
    rate: texts.rate,
    full: texts.full,
    'not-found': texts.notFound,
    expired: texts.expired,
    replaced: texts.replaced,
    browser: texts.unsupportedText,
    network: texts.network,
    server: texts.server,
  };
  return sentences[refusal];
}

export interface ProblemText {
  title: string;
  text: string;
  how?: string;
}

export function microphoneText(texts: Texts, problem: MicrophoneProblem): ProblemText {
  switch (problem) {
    case 'denied':
      return { title: texts.deniedTitle, text: texts.deniedText, how: texts.deniedHow };
    case 'missing':
      return { title: texts.missingTitle, text: texts.missingText };
    case 'busy':
      return { title: texts.busyTitle, text: texts.busyText };
    case 'unsupported':
      return { title: texts.unsupportedTitle, text: texts.unsupportedText };
  }
}

/** Why the call ended, or null when the caller ended it and needs no explanation. */
export function reasonText(texts: Texts, reason: string): string | null {
  const sentences: Readonly<Record<string, string>> = {
    silence_timeout: texts.endedSilence,
    max_duration: texts.endedMaximum,
    agent_ended: texts.endedByAgent,
    provider_unavailable: texts.endedProvider,
    connection_lost: texts.endedLost,
    never_connected: texts.endedLost,
    media_lost: texts.endedLost,
    error: texts.endedError,
  };
  return sentences[reason] ?? null;
}

export type StatusIcon = 'dots' | 'ear' | 'agent' | 'user' | 'muted' | 'warning' | 'check' | 'end';

export interface StatusLine {
  text: string;
  icon: StatusIcon;
}

/** The one line that says what the call is doing; the most urgent news wins. */
export function statusLine(texts: Texts, state: CallState, justConnected: boolean): StatusLine {
  switch (state.phase) {
    case 'connecting':
      return { text: texts.connecting, icon: 'dots' };
    case 'reconnecting':
      return { text: texts.reconnecting, icon: 'warning' };
    case 'ending':
      return { text: texts.ending, icon: 'end' };
    case 'ended':
      return { text: texts.callEnded, icon: 'end' };
    case 'live':
      return liveLine(texts, state, justConnected);
    default:
      return { text: '', icon: 'dots' };
  }
}

function liveLine(texts: Texts, state: CallState, justConnected: boolean): StatusLine {
  if (state.microphoneLost) return { text: texts.microphoneLost, icon: 'warning' };
  if (state.status === 'provider_reconnecting') return { text: texts.providerReconnecting, icon: 'dots' };
  if (state.status === 'ending') return { text: texts.ending, icon: 'end' };
  if (state.agentSpeaking) return { text: texts.agentSpeaking, icon: 'agent' };
  if (state.userSpeaking && !state.muted) return { text: texts.userSpeaking, icon: 'user' };
  if (state.status === 'tool_running') return { text: texts.working, icon: 'dots' };
  if (state.status === 'silence_warning') return { text: texts.silenceWarning, icon: 'warning' };
  if (state.status === 'duration_warning') return { text: texts.durationWarning, icon: 'warning' };
  if (state.muted) return { text: texts.muted, icon: 'muted' };
  return justConnected ? { text: texts.connected, icon: 'check' } : { text: texts.listening, icon: 'ear' };
}

/** What a screen reader hears: "Call connected" and "Agent is speaking" where eyes read a shorter text. */
export function announcement(texts: Texts, line: StatusLine): string {
  if (line.text === texts.connected) return texts.callConnected;
  if (line.text === texts.agentSpeaking) return texts.agentIsSpeaking;
  // The end of every sentence of the caller would be noise.
  return line.text === texts.userSpeaking || line.text === texts.listening ? '' : line.text;
}
