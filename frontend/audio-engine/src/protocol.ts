/**
 * The widget's socket protocol (`call.v1`) as types, and the reader of what the server sends.
 *
 * Audio is base64 of PCM16 little-endian mono 24 kHz. Unknown message types are ignored, so that an older page
 * survives a newer server.
 */

export const SUBPROTOCOL = 'call.v1';
export const SAMPLE_RATE = 24_000;

/** Why the server closed the socket. */
export const CloseCode = {
  Normal: 1000,
  GoingAway: 1001,
  PolicyViolation: 1008,
  TooBig: 1009,
  Unauthorized: 4401,
  OriginNotAllowed: 4403,
  TimedOut: 4408,
  Replaced: 4409,
  CallOver: 4410,
  CallUnavailable: 4422,
  Flood: 4429,
  SlowReader: 4430,
  Full: 4503,
} as const;

export type QualityLevel = 'good' | 'fair' | 'poor';

export type CallStatus =
  | 'listening'
  | 'tool_running'
  | 'silence_warning'
  | 'duration_warning'
  | 'provider_reconnecting'
  | 'ending';

export type CaptionRole = 'user' | 'assistant' | 'human';

/** A later caption with the same id replaces an earlier one. Times are milliseconds since the call began. */
export interface TranscriptData {
  id: string;
  role: CaptionRole;
  text: string;
  final: boolean;
  startMs: number;
  endMs: number;
  interrupted?: boolean;
}

/** `duration` is in whole seconds. */
export interface CallEndedData {
  duration: number;
  reason: string;
  message?: string | null;
}

export type ClientMessage =
  | { type: 'audio'; data: string }
  | { type: 'end' }
  | { type: 'mute'; on: boolean }
  | { type: 'played'; samples: number }
  | { type: 'stopped'; samples: number }
  | { type: 'ping'; t: number }
  | { type: 'quality'; rttMs: number; underruns: number; backlogMs: number };

export interface ConnectedMessage {
  type: 'connected';
  sessionId: string;
  callId: string;
  resumeToken: string;
  resumed?: boolean;
  elapsedMs?: number;
}

export type ServerMessage =
  | ConnectedMessage
  | { type: 'audio'; data: string }
  | { type: 'transcript'; data: TranscriptData }
  | { type: 'user_speaking'; on: boolean }
  | { type: 'agent_speaking'; on: boolean }
  | { type: 'stop_audio' }
  | { type: 'quality'; level: QualityLevel }
  | { type: 'status'; state: CallStatus }
  | { type: 'reconnect' }
  | { type: 'call_ended'; data: CallEndedData }
  | { type: 'pong'; t: number }
  | { type: 'error'; code: string; message: string };

const KNOWN: ReadonlySet<string> = new Set([
  'connected',
  'audio',
  'transcript',
  'user_speaking',
  'agent_speaking',
  'stop_audio',
  'quality',
  'status',
  'reconnect',
  'call_ended',
  'pong',
  'error',
]);

/** The message, or null when it is not one of ours. The server is trusted for the fields of a known type. */
export function parseServerMessage(text: unknown): ServerMessage | null {
  if (typeof text !== 'string') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  return typeof value.type === 'string' && KNOWN.has(value.type) ? (value as ServerMessage) : null;
}
