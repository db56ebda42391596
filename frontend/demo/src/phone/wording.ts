/** What the phone says, on the screen and to screen readers. */

import type { MicrophoneProblem } from '@call/audio-engine/microphone';
import type { Ending, Kind } from './line.ts';

export const BY: Record<Kind, string> = { twilio: 'by phone', whatsapp: 'by WhatsApp' };
export const TITLE: Record<Kind, string> = { twilio: 'Phone call', whatsapp: 'WhatsApp call' };

export const ENDINGS: Record<Ending, string> = {
  'hung-up': 'You hung up.',
  'far-end': 'The other side hung up.',
  busy: 'The line is busy.',
  unanswered: 'Nobody answered.',
  failed: 'The call could not be connected.',
  unobtainable: 'Nobody has this number.',
  lost: 'The connection was lost.',
};

export const PROBLEMS: Record<MicrophoneProblem, { title: string; text: string }> = {
  denied: {
    title: 'The microphone is blocked',
    text:
      'A call needs your microphone. Open the settings beside the page’s address, allow the microphone for this ' +
      'site, and ring again.',
  },
  missing: { title: 'No microphone was found', text: 'Plug in a microphone or a headset, and ring again.' },
  busy: { title: 'The microphone is in use', text: 'Close the program that uses your microphone, and ring again.' },
  unsupported: {
    title: 'This browser cannot make calls',
    text: 'Use a current Chrome, Edge, Firefox or Safari, and open this page over HTTPS or on this machine.',
  },
};

/** Minutes and seconds as on a display. */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

/** Minutes and seconds as people say them. */
export function spoken(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.floor(seconds % 60);
  const parts = [];
  if (minutes > 0) parts.push(minutes === 1 ? '1 minute' : `${minutes} minutes`);
  if (rest > 0 || minutes === 0) parts.push(rest === 1 ? '1 second' : `${rest} seconds`);
  return parts.join(' and ');
}
