/**
 * Messages between the loader on the customer's page and the frame on ours.
 *
 * Both sides check origin and source of every message, and address their own to one origin only.
 */

export const SOURCE = 'call-widget';
export const VERSION = 1;

/** What a connection needs; only pages of our own hand one in, for test calls. */
export interface HandedSession {
  sessionId: string;
  callId: string;
  websocketUrl: string;
  token: string;
  readToken: string;
}

export type ToFrame =
  | { type: 'focus' }
  | { type: 'session'; session: HandedSession }
  | { type: 'session-refused'; status: number; code: string };

export type ToLoader =
  | { type: 'ready' }
  | { type: 'close' }
  | { type: 'call'; active: boolean }
  | { type: 'layout'; mode: 'open' | 'pill' }
  | { type: 'chat' }
  | { type: 'session-wanted' };

export type Envelope<T> = T & { source: typeof SOURCE; version: typeof VERSION };

export function wrap<T extends object>(message: T): Envelope<T> {
  return { ...message, source: SOURCE, version: VERSION };
}

/** The message when it is ours and of our version, else null. */
export function unwrap<T extends { type: string }>(data: unknown): T | null {
  if (typeof data !== 'object' || data === null) return null;
  const envelope = data as Partial<Envelope<T>>;
  const ours = envelope.source === SOURCE && envelope.version === VERSION && typeof envelope.type === 'string';
  return ours ? (data as T) : null;
}
