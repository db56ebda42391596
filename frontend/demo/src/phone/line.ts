/**
 * A phone call through a carrier's stand-in, whose socket speaks PCM16 at 24 kHz both ways; both stand-ins' messages
 * become the same few happenings. The microphone is sent only while connected: earlier sound would only be late.
 */

import { decodeBase64, encodeBase64 } from '@call/audio-engine/pcm';

export type Kind = 'twilio' | 'whatsapp';

export type Ending = 'hung-up' | 'far-end' | 'busy' | 'unanswered' | 'failed' | 'unobtainable' | 'lost';

export type Happening =
  | { type: 'ringing'; callId: string }
  | { type: 'connected' }
  | { type: 'sound'; pcm: ArrayBuffer }
  | { type: 'ended'; ending: Ending };

export type SocketLike = Pick<WebSocket, 'send' | 'close' | 'onmessage' | 'onclose' | 'onerror'> & {
  readonly readyState: number;
};

const PATHS: Record<Kind, string> = { twilio: '/phone', whatsapp: '/whatsapp-phone' };
const OPEN = 1;
/** Call statuses of Twilio. */
const STATES: Readonly<Record<string, Happening>> = {
  'in-progress': { type: 'connected' },
  completed: { type: 'ended', ending: 'far-end' },
  busy: { type: 'ended', ending: 'busy' },
  'no-answer': { type: 'ended', ending: 'unanswered' },
  canceled: { type: 'ended', ending: 'unanswered' },
  failed: { type: 'ended', ending: 'failed' },
  unobtainable: { type: 'ended', ending: 'unobtainable' },
};

export function socketAddress(page: string, kind: Kind, number: string): string {
  const address = new URL(PATHS[kind], page);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  address.searchParams.set('to', number);
  return address.href;
}

/** What a stand-in's message means; null for nothing. */
export function happening(text: unknown): Happening | null {
  const message = parsed(text);
  switch (message.type) {
    case 'status': // Twilio's
      if (message.state === 'ringing') return { type: 'ringing', callId: String(message.callSid ?? '') };
      return STATES[String(message.state)] ?? null;
    case 'ringing':
      return { type: 'ringing', callId: String(message.callId ?? '') };
    case 'connected':
      return { type: 'connected' };
    case 'call_ended':
      return { type: 'ended', ending: message.status === 'FAILED' ? 'failed' : 'far-end' };
    case 'error': // Meta's; Twilio's has a code and concerns one message only
      return message.code === undefined ? { type: 'ended', ending: 'unobtainable' } : null;
    case 'audio':
      return sound(message.data);
    default:
      return null;
  }
}

export class PhoneLine {
  private connected = false;
  private over = false;

  constructor(
    private readonly socket: SocketLike,
    private readonly tell: (happening: Happening) => void,
  ) {
    socket.onmessage = (event) => this.received(event.data);
    socket.onclose = () => this.end('lost');
    socket.onerror = () => this.end('lost');
  }

  /** 20 ms of the microphone. */
  speak(pcm: ArrayBuffer): void {
    if (this.connected) this.send({ type: 'audio', data: encodeBase64(pcm) });
  }

  press(digit: string): void {
    if (this.connected) this.send({ type: 'dtmf', digit });
  }

  hangUp(): void {
    if (this.over) return;
    this.send({ type: 'end' });
    this.end('hung-up');
  }

  private received(text: unknown): void {
    const what = this.over ? null : happening(text);
    if (what === null) return;
    if (what.type === 'ended') {
      this.end(what.ending);
      return;
    }
    if (what.type === 'connected') {
      if (this.connected) return;
      this.connected = true;
    }
    this.tell(what);
  }

  private end(ending: Ending): void {
    if (this.over) return;
    this.over = true;
    this.connected = false;
    this.socket.close();
    this.tell({ type: 'ended', ending });
  }

  private send(message: object): void {
    if (this.socket.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }
}

function parsed(text: unknown): Record<string, unknown> {
  try {
    const message: unknown = JSON.parse(String(text));
    return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function sound(data: unknown): Happening | null {
  try {
    return { type: 'sound', pcm: decodeBase64(String(data)) };
  } catch {
    return null;
  }
}
