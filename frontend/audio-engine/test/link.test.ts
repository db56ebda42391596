/** The socket's behaviour over drops, restarts and refusals, on a clock that tests turn by hand. */

import { describe, expect, it } from 'vitest';
import { CallLink } from '../src/link.ts';
import type { LinkEnvironment, SocketLike } from '../src/link.ts';

class FakeSocket implements SocketLike {
  readyState = 1;
  bufferedAmount = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: { type: string; [key: string]: unknown }[] = [];
  closed = false;

  constructor(readonly protocols: string[]) {}

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(): void {
    this.closed = true;
    this.readyState = 3;
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) } as MessageEvent);
  }

  confirm(resumeToken: string): void {
    this.says({ type: 'connected', sessionId: 's', callId: 'c', resumeToken });
  }

  drop(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code } as CloseEvent);
  }

  get audio(): unknown[] {
    return this.sent.filter((message) => message.type === 'audio').map((message) => message.data);
  }
}

function bench() {
  let time = 0;
  let nextId = 1;
  const timers = new Map<number, { at: number; run: () => void }>();
  const sockets: FakeSocket[] = [];
  const events: string[] = [];
  const environment: LinkEnvironment = {
    openSocket: (_url, protocols) => {
      const socket = new FakeSocket(protocols);
      sockets.push(socket);
      return socket;
    },
    now: () => time,
    after: (ms, run) => {
      timers.set(nextId, { at: time + ms, run });
      return nextId++;
    },
    cancel: (id) => void timers.delete(id),
  };
  const link = new CallLink('wss://x/ws', 'first', environment, {
    connected: () => events.push('connected'),
    message: (message) => events.push(`message:${message.type}`),
    reconnecting: () => events.push('reconnecting'),
    lost: (code) => events.push(`lost:${code}`),
    refused: (code) => events.push(`refused:${code}`),
    closed: () => events.push('closed'),
  });
  const pass = (ms: number): void => {
    const until = time + ms;
    for (;;) {
      const due = [...timers].filter(([, timer]) => timer.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
      if (due === undefined) break;
      timers.delete(due[0]);
      time = due[1].at;
      due[1].run();
    }
    time = until;
  };
  const last = (): FakeSocket => sockets[sockets.length - 1] as FakeSocket;
  return { link, sockets, events, pass, last, time: () => time };
}

function connected() {
  const it = bench();
  it.link.connect();
  it.last().confirm('r1');
  return it;
}

describe('first connection', () => {
  it('offers the protocol and the session token', () => {
    const { link, last } = bench();
    link.connect();
    expect(last().protocols).toEqual(['call.v1', 'token.first']);
  });

  it('holds early speech back until the server confirmed, at most two seconds of it', () => {
    const { link, last } = bench();
    link.connect();
    for (let i = 0; i < 130; i += 1) link.sendAudio(`c${i}`);
    expect(last().audio).toEqual([]);
    last().confirm('r1');
    expect(last().audio).toHaveLength(100);
    expect(last().audio[0]).toBe('c30');
  });

  it.each([4401, 4403, 4422, 4429, 4503])('does not try again after %i', (code) => {
    const { link, last, events, pass, sockets } = bench();
    link.connect();
    last().drop(code);
    pass(60_000);
    expect(events).toEqual([`refused:${code}`]);
    expect(sockets).toHaveLength(1);
  });
});

describe('a drop in the call', () => {
  it('tries after 0.25, 0.5, 1, 2, 4, 4 … s with the resume token and gives up after 30 s', () => {
    const { last, events, pass, sockets, time } = connected();
    const began = time();
    const tries: number[] = [];
    last().drop(1006);
    let seen = sockets.length;
    while (!events.some((event) => event.startsWith('lost')) && time() - began < 60_000) {
      pass(10);
      if (sockets.length > seen) {
        seen = sockets.length;
        tries.push(time() - began);
        expect(last().protocols[1]).toBe('token.r1');
        last().drop(1006);
      }
    }
    expect(tries).toEqual([250, 750, 1750, 3750, 7750, 11750, 15750, 19750, 23750, 27750]);
    expect(events).toEqual(['connected', 'reconnecting', 'lost:1006']);
  });

  it('uses the newest resume token each time', () => {
    const { last, pass } = connected();
    last().drop(1006);
    pass(250);
    last().confirm('r2');
    last().drop(1001);
    pass(250);
    expect(last().protocols[1]).toBe('token.r2');
  });

  it('replays what the browser had not sent, then what was said meanwhile', () => {
    const { link, last, pass } = connected();
    for (const chunk of ['a', 'b', 'c', 'd']) link.sendAudio(chunk);
    last().bufferedAmount = 2 * 1307;
    last().drop(1006);
    link.sendAudio('e');
    pass(250);
    last().confirm('r2');
    expect(last().audio).toEqual(['c', 'd', 'e']);
  });

  it('notices a dead line by missing pongs', () => {
    const { events, pass, sockets, last } = connected();
    const first = last();
    pass(6_000);
    expect(events).toEqual(['connected']);
    pass(4_000);
    expect(events).toEqual(['connected', 'reconnecting']);
    expect(first.closed).toBe(true);
    expect(sockets.length).toBeGreaterThan(1);
  });

  it('is lost when the resume token is refused', () => {
    const { last, events, pass } = connected();
    last().drop(1006);
    pass(250);
    last().drop(4401);
    expect(events.at(-1)).toBe('lost:4401');
  });

  it('goes on trying while every process is full', () => {
    const { last, events, pass, sockets } = connected();
    last().drop(1006);
    pass(250);
    last().drop(4503);
    pass(500);
    expect(sockets).toHaveLength(3);
    expect(events.some((event) => event.startsWith('refused'))).toBe(false);
  });
});

describe('a server that leaves', () => {
  it('opens the new socket at once and lets go of the old one once confirmed', () => {
    const { last, sockets, events, link } = connected();
    const old = last();
    old.says({ type: 'reconnect' });
    expect(sockets).toHaveLength(2);
    expect(old.closed).toBe(false);
    link.sendAudio('while moving');
    old.says({ type: 'agent_speaking', on: false });
    last().confirm('r2');
    expect(old.closed).toBe(true);
    expect(last().audio).toEqual(['while moving']);
    expect(events).toEqual(['connected', 'message:agent_speaking', 'connected']);
  });

  it('does not mistake the end of the old socket for a drop', () => {
    const { last, events, pass } = connected();
    const old = last();
    old.says({ type: 'reconnect' });
    old.drop(1001);
    last().confirm('r2');
    pass(1_000);
    expect(events).toEqual(['connected', 'connected']);
  });
});

describe('limits', () => {
  it('drops microphone audio while more than a second waits in the browser', () => {
    const { link, last } = connected();
    last().bufferedAmount = 51 * 1307;
    expect(link.sendAudio('late')).toBe(false);
    last().bufferedAmount = 0;
    expect(link.sendAudio('on time')).toBe(true);
    expect(last().audio).toEqual(['on time']);
  });

  it('measures the round trip by its own clock', () => {
    const { link, last, pass } = connected();
    pass(2_000);
    const ping = last().sent.findLast((message) => message.type === 'ping') as unknown as { t: number };
    pass(42);
    last().says({ type: 'pong', t: ping.t });
    expect(link.measures().rttMs).toBe(42);
  });

  it('ignores what it cannot read', () => {
    const { last, events } = connected();
    last().onmessage?.({ data: '{"type":"from_the_future"}' } as MessageEvent);
    last().onmessage?.({ data: 'not json' } as MessageEvent);
    expect(events).toEqual(['connected']);
  });

  it.each([1000, 4410])('is over after %i', (code) => {
    const { last, events, pass, sockets } = connected();
    last().drop(code);
    pass(60_000);
    expect(events).toEqual(['connected', 'closed']);
    expect(sockets).toHaveLength(1);
  });
});
