/** Sentences: complete in every language, and the right one for every state and code. */

import { CloseCode } from '@call/audio-engine/protocol';
import { describe, expect, it } from 'vitest';
import { initialState } from '../frame/state.ts';
import type { CallState } from '../frame/state.ts';
import { announcement, clock, fill, microphoneText, reasonText, refusalOfAnswer, refusalOfCloseCode, refusalText, statusLine } from '../frame/wording.ts';
import { texts as de } from '../locales/de.ts';
import { texts as en } from '../locales/en.ts';
import { texts as es } from '../locales/es.ts';
import { texts as fr } from '../locales/fr.ts';

const live = (over: Partial<CallState> = {}): CallState => ({ ...initialState('live'), wasConnected: true, ...over });

describe.each([
  ['es', es],
  ['fr', fr],
  ['de', de],
])('locale %s', (_, texts) => {
  it('has the same texts as English, none empty, with the same blanks to fill', () => {
    expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
    for (const [key, text] of Object.entries(texts)) {
      expect(text.trim(), key).not.toBe('');
      expect(text.match(/\{\w+\}/g), key).toEqual(en[key as keyof typeof en].match(/\{\w+\}/g));
    }
  });

  it('is translated', () => {
    const same = Object.entries(texts).filter(([key, text]) => en[key as keyof typeof en] === text);
    expect(same.length).toBeLessThan(4);
  });
});

describe('prescribed texts', () => {
  it('are there to the letter', () => {
    expect([fr.connected, de.endCall]).toEqual(['Connecté', 'Anruf beenden']);
    expect([en.deniedTitle, en.deniedHow]).toEqual([
      'Microphone access required for calls',
      'Click lock icon in address bar → Site settings → Microphone → Allow',
    ]);
    expect(fill(en.totalTime, { time: clock(225) })).toBe('Total time: 3:45');
  });
});

describe('clock', () => {
  it.each([
    [0, '0:00'],
    [84, '1:24'],
    [3725, '1:02:05'],
    [-3, '0:00'],
  ])('%i s is %s', (seconds, text) => expect(clock(seconds)).toBe(text));
});

describe('status line', () => {
  it.each([
    [{}, false, 'Listening'],
    [{}, true, 'Connected'],
    [{ agentSpeaking: true }, false, 'Agent speaking'],
    [{ userSpeaking: true }, false, 'User speaking'],
    [{ userSpeaking: true, muted: true }, false, 'You are muted'],
    [{ status: 'tool_running' }, false, 'Looking that up…'],
    [{ status: 'silence_warning' }, false, 'Are you still there?'],
    [{ microphoneLost: true, agentSpeaking: true }, false, 'Your microphone was disconnected.'],
  ] as [Partial<CallState>, boolean, string][])('%o', (over, just, text) => {
    expect(statusLine(en, live(over), just).text).toBe(text);
  });

  it('says reconnecting and connecting', () => {
    expect(statusLine(en, initialState('reconnecting'), false).text).toBe('Reconnecting…');
    expect(statusLine(en, initialState('connecting'), false).text).toBe('Connecting...');
  });

  it('is announced in whole sentences, and the caller’s own speech not at all', () => {
    const heard = (state: CallState, just = false): string => announcement(en, statusLine(en, state, just));
    expect(heard(live(), true)).toBe('Call connected');
    expect(heard(live({ agentSpeaking: true }))).toBe('Agent is speaking');
    expect(heard(live({ userSpeaking: true }))).toBe('');
  });
});

describe('codes', () => {
  it('has a sentence for every close code of the server', () => {
    for (const code of Object.values(CloseCode)) expect(refusalText(en, refusalOfCloseCode(code))).toMatch(/\.$/);
    expect(refusalOfCloseCode(CloseCode.Full)).toBe('full');
    expect(refusalOfCloseCode(CloseCode.Replaced)).toBe('replaced');
  });

  it.each([
    [409, 'call_unavailable', 'unavailable'],
    [403, 'not_permitted', 'domain'],
    [429, '', 'rate'],
    [503, 'capacity_exceeded', 'full'],
    [0, 'network', 'network'],
    [500, 'internal_error', 'server'],
  ])('%i %s is %s', (status, code, refusal) => expect(refusalOfAnswer(status, code)).toBe(refusal));

  it('explains every end but the caller’s own', () => {
    const reasons = ['silence_timeout', 'max_duration', 'connection_lost', 'provider_unavailable', 'never_connected', 'media_lost', 'error'];
    for (const reason of reasons) expect(reasonText(en, reason)).toMatch(/\.$/);
    expect(reasonText(en, 'user_ended')).toBeNull();
  });

  it('tells the microphone problems apart', () => {
    const titles = (['denied', 'missing', 'busy', 'unsupported'] as const).map((problem) => microphoneText(en, problem).title);
    expect(new Set(titles).size).toBe(4);
  });
});
