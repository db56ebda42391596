/** The reducer: every way through a call, and the ways that must not exist. */

import { describe, expect, it } from 'vitest';
import { initialState, isCallRunning, reduce } from '../frame/state.ts';
import type { Action, CallState, Caption } from '../frame/state.ts';

const play = (...actions: Action[]): CallState => actions.reduce(reduce, initialState('permission'));
const caption = (id: string, startMs: number, over: Partial<Caption> = {}): Caption => ({
  id,
  role: 'user',
  text: `text ${id}`,
  final: true,
  startMs,
  endMs: startMs + 500,
  ...over,
});

const toLive: Action[] = [
  { type: 'begin' },
  { type: 'connecting' },
  { type: 'session', callId: 'c1' },
  { type: 'connected', callId: 'c1', elapsedMs: 0, at: 10_000 },
];

describe('the way into a call', () => {
  it('goes from permission over connecting to live', () => {
    const phases = toLive.reduce<string[]>((seen, _, i) => [...seen, play(...toLive.slice(0, i + 1)).phase], []);
    expect(phases).toEqual(['permission', 'connecting', 'connecting', 'live']);
    expect(play(...toLive).startedAt).toBe(10_000);
  });

  it('names the microphone problem and forgets it on the next try', () => {
    const failed = play({ type: 'begin' }, { type: 'microphone-failed', problem: 'denied' });
    expect(failed).toMatchObject({ phase: 'microphone', problem: 'denied' });
    expect(reduce(failed, { type: 'begin' })).toMatchObject({ phase: 'permission', problem: null });
  });

  it('says network when the first connection never came', () => {
    expect(play(...toLive.slice(0, 3), { type: 'lost' })).toMatchObject({ phase: 'refused', refusal: 'network' });
  });

  it('calls a close before the connection a refusal, not an ended call', () => {
    expect(play(...toLive.slice(0, 3), { type: 'closed', at: 0 })).toMatchObject({ phase: 'refused', refusal: 'server' });
  });
});

describe('the running call', () => {
  it('keeps its start when it comes back, and its elapsed time when it is new here', () => {
    const back = play(...toLive, { type: 'reconnecting' }, { type: 'connected', callId: 'c1', elapsedMs: 9_000, at: 20_000 });
    expect(back).toMatchObject({ phase: 'live', startedAt: 10_000 });
    expect(play({ type: 'connected', callId: 'c1', elapsedMs: 9_000, at: 20_000 }).startedAt).toBe(11_000);
  });

  it('forgets a line that was still growing when it comes back: the server tells what became of it', () => {
    const lines = [caption('whole', 0), { ...caption('growing', 1), final: false }].map((one) => ({ type: 'caption', caption: one }) as const);
    const back = play(...toLive, ...lines, { type: 'reconnecting' }, { type: 'connected', callId: 'c1', elapsedMs: 9_000, at: 20_000 });
    expect(back.captions.map((one) => one.id)).toEqual(['whole']);
  });

  it('shows nobody speaking while it reconnects', () => {
    const state = play(...toLive, { type: 'agent-speaking', on: true }, { type: 'reconnecting' });
    expect(state).toMatchObject({ phase: 'reconnecting', agentSpeaking: false });
  });

  it('is silent at once when interrupted', () => {
    expect(play(...toLive, { type: 'agent-speaking', on: true }, { type: 'interrupted' }).agentSpeaking).toBe(false);
  });

  it('takes a warning back when somebody speaks', () => {
    const warned = play(...toLive, { type: 'status', status: 'silence_warning' });
    expect(warned.status).toBe('silence_warning');
    expect(reduce(warned, { type: 'user-speaking', on: true }).status).toBe('listening');
  });

  it('replaces a caption of the same id and keeps all in order of speech', () => {
    const { captions } = play(
      { type: 'caption', caption: caption('b', 900, { final: false, text: 'Hel' }) },
      { type: 'caption', caption: caption('a', 100) },
      { type: 'caption', caption: caption('b', 900, { text: 'Hello' }) },
    );
    expect(captions.map(({ id, text, final }) => [id, text, final])).toEqual([
      ['a', 'text a', true],
      ['b', 'Hello', true],
    ]);
  });

  it('removes a caption that turned out empty', () => {
    const one: Action = { type: 'caption', caption: caption('a', 0, { final: false }) };
    expect(play(one, { type: 'caption', caption: caption('a', 0, { text: ' ' }) }).captions).toEqual([]);
  });

  it.each([
    ['permission', false],
    ['connecting', true],
    ['live', true],
    ['reconnecting', true],
    ['ending', true],
    ['lost', false],
    ['ended', false],
  ] as const)('%s: running is %s', (phase, running) => {
    expect(isCallRunning(initialState(phase))).toBe(running);
  });
});

describe('the end', () => {
  const ended = play(...toLive, { type: 'leave-asked', why: 'end' }, { type: 'ended', data: { duration: 225, reason: 'silence_timeout' } });

  it('keeps the length and reason the server gave and closes the question', () => {
    expect(ended).toMatchObject({ phase: 'ended', leaving: null, result: { durationS: 225, reason: 'silence_timeout' } });
  });

  it('measures the length itself when the socket just closed', () => {
    const state = play(...toLive, { type: 'ending' }, { type: 'closed', at: 73_400 });
    expect(state.result).toEqual({ durationS: 63, reason: 'user_ended' });
  });

  it('cannot be undone by late messages', () => {
    const late: Action[] = [
      { type: 'connected', callId: 'c1', elapsedMs: 0, at: 1 },
      { type: 'reconnecting' },
      { type: 'lost' },
      { type: 'closed', at: 1 },
      { type: 'agent-speaking', on: true },
      { type: 'caption', caption: caption('x', 0) },
    ];
    expect(late.reduce(reduce, ended)).toBe(ended);
  });

  it('still takes feedback and downloads', () => {
    expect(reduce(ended, { type: 'feedback', state: 'sent' }).feedback).toBe('sent');
    expect(reduce(ended, { type: 'recording', state: 'pending' }).recording).toBe('pending');
  });

  it('starts afresh on request', () => {
    expect(reduce(ended, { type: 'restarted', phase: 'form' })).toEqual(initialState('form'));
  });
});
