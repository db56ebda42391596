/** A conversation without microphone, socket or provider: actions for the widget's own reducer, and their sound. */

import type { Action } from '../../widget/frame/state.ts';

interface Beat {
  after: number;
  action: Action;
}

const caption = (id: string, role: 'user' | 'assistant', text: string, final: boolean): Action => ({
  type: 'caption',
  caption: { id, role, text, final, startMs: 0, endMs: 0 },
});

export function conversation(greeting: string): Beat[] {
  return [
    { after: 0, action: { type: 'connecting' } },
    { after: 900, action: { type: 'connected', callId: 'preview', elapsedMs: 0, at: Date.now() + 900 } },
    { after: 400, action: { type: 'agent-speaking', on: true } },
    { after: 300, action: caption('1', 'assistant', greeting.slice(0, Math.ceil(greeting.length / 2)), false) },
    { after: 1200, action: caption('1', 'assistant', greeting, true) },
    { after: 1200, action: { type: 'agent-speaking', on: false } },
    { after: 600, action: { type: 'user-speaking', on: true } },
    { after: 700, action: caption('2', 'user', 'Hello', false) },
    { after: 600, action: caption('2', 'user', 'Hello! When are you open?', true) },
    { after: 300, action: { type: 'user-speaking', on: false } },
    { after: 600, action: { type: 'agent-speaking', on: true } },
    { after: 500, action: caption('3', 'assistant', 'Monday to Friday, from nine to five.', true) },
    { after: 2200, action: { type: 'agent-speaking', on: false } },
  ];
}

/** Something like the loudness of speech, for the visualizer. */
export class PretendedVoice {
  readonly frequencyBinCount = 128;
  speaking = false;

  getByteFrequencyData(into: Uint8Array): void {
    const now = performance.now() / 1000;
    const syllable = 0.55 + 0.45 * Math.sin(now * 9) * Math.sin(now * 2.3);
    for (let bin = 0; bin < into.length; bin += 1) {
      into[bin] = this.speaking ? Math.max(0, 190 * syllable * Math.exp(-bin / 38) * (0.7 + 0.3 * Math.sin(bin + now * 20))) : 0;
    }
  }
}
