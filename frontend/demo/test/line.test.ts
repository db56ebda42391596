/** Both stand-ins' messages as one telephone line. */

import { describe, expect, it } from 'vitest';
import { readable } from '../src/phone/doors.ts';
import { PhoneLine, happening, socketAddress } from '../src/phone/line.ts';
import type { Happening, SocketLike } from '../src/phone/line.ts';
import { clock, spoken } from '../src/phone/wording.ts';

class FakeSocket implements SocketLike {
  readyState = 1;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  onerror: SocketLike['onerror'] = null;
  readonly sent: Record<string, unknown>[] = [];

  send(data: unknown): void {
    this.sent.push(JSON.parse(String(data)) as Record<string, unknown>);
  }

  close(): void {
    this.readyState = 3;
  }

  says(message: object): void {
    this.onmessage?.call(this as unknown as WebSocket, { data: JSON.stringify(message) } as MessageEvent);
  }

  breaks(): void {
    this.onclose?.call(this as unknown as WebSocket, {} as CloseEvent);
  }
}

function ringing() {
  const socket = new FakeSocket();
  const told: Happening[] = [];
  return { socket, told, line: new PhoneLine(socket, (what) => told.push(what)) };
}

describe('a line', () => {
  it.each([
    [{ type: 'status', state: 'ringing', callSid: 'CA1' }, { type: 'ringing', callId: 'CA1' }],
    [{ type: 'ringing', callId: 'wacid.1' }, { type: 'ringing', callId: 'wacid.1' }],
    [{ type: 'status', state: 'in-progress' }, { type: 'connected' }],
    [{ type: 'status', state: 'busy' }, { type: 'ended', ending: 'busy' }],
    [{ type: 'status', state: 'unobtainable' }, { type: 'ended', ending: 'unobtainable' }],
    [{ type: 'error', message: 'Nobody has this number.' }, { type: 'ended', ending: 'unobtainable' }],
    [{ type: 'call_ended', status: 'FAILED' }, { type: 'ended', ending: 'failed' }],
    [{ type: 'call_ended', status: 'COMPLETED' }, { type: 'ended', ending: 'far-end' }],
    [{ type: 'error', code: 'bad_message' }, null],
    [{ type: 'audio', data: '!' }, null],
    [{ type: 'news' }, null],
  ])('understands %j', (message, meant) => {
    expect(happening(JSON.stringify(message))).toEqual(meant);
  });

  it('ignores what is not JSON', () => {
    expect(happening('{')).toBeNull();
    expect(happening('7')).toBeNull();
  });

  it('sends the microphone and keys only while connected', () => {
    const { socket, line } = ringing();
    line.speak(new Int16Array([1, 2]).buffer);
    line.press('1');
    expect(socket.sent).toEqual([]);
    socket.says({ type: 'connected' });
    line.speak(new Int16Array([1, 2]).buffer);
    line.press('5');
    expect(socket.sent).toEqual([{ type: 'audio', data: 'AQACAA==' }, { type: 'dtmf', digit: '5' }]);
  });

  it('hangs up once and tells nothing afterwards', () => {
    const { socket, told, line } = ringing();
    socket.says({ type: 'connected' });
    line.hangUp();
    line.hangUp();
    socket.says({ type: 'call_ended', status: 'COMPLETED' });
    socket.breaks();
    expect(socket.sent).toEqual([{ type: 'end' }]);
    expect(told).toEqual([{ type: 'connected' }, { type: 'ended', ending: 'hung-up' }]);
  });

  it('tells of a broken connection', () => {
    const { socket, told } = ringing();
    socket.breaks();
    expect(told).toEqual([{ type: 'ended', ending: 'lost' }]);
  });

  it('is reached at the page’s own address', () => {
    expect(socketAddress('https://demo.example/?chatbot=1', 'twilio', '+1555')).toBe('wss://demo.example/phone?to=%2B1555');
    expect(socketAddress('http://127.0.0.1:8000/', 'whatsapp', '1')).toBe('ws://127.0.0.1:8000/whatsapp-phone?to=1');
  });
});

it('writes numbers and times as people do', () => {
  expect(readable('+15005550001')).toBe('+1 500 555 0001');
  expect(readable('+4930123456')).toBe('+4930123456');
  expect(clock(65.9)).toBe('1:05');
  expect([spoken(61), spoken(0), spoken(120)]).toEqual(['1 minute and 1 second', '0 seconds', '2 minutes']);
});
