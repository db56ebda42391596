/** The buttons that ring an assistant: this page is the phone, or, for a real number, the visitor's own one is. */

import type { Chatbot } from '../chooser.ts';
import { icon } from './icons.ts';
import type { Kind } from './line.ts';

const WORDS: Record<Kind, string> = { twilio: 'Ring by phone', whatsapp: 'Ring by WhatsApp' };
const KINDS: readonly Kind[] = ['twilio', 'whatsapp'];

export function doors(chatbot: Chatbot, ring: (kind: Kind, number: string) => void): HTMLElement[] {
  return KINDS.flatMap((kind) => {
    const door = chatbot.numbers[kind];
    if (door === undefined) return [];
    const made = door.standIn ? document.createElement('button') : document.createElement('a');
    made.className = `door door-${kind}`;
    const number = document.createElement('small');
    number.textContent = readable(door.number);
    made.append(icon(kind), WORDS[kind], ' ', number);
    if (made instanceof HTMLButtonElement) {
      made.type = 'button';
      made.addEventListener('click', () => ring(kind, door.number));
    } else {
      made.href = kind === 'twilio' ? `tel:${door.number}` : `https://wa.me/${door.number.slice(1)}`;
    }
    return [made];
  });
}

/** A number in groups, as people read it; American ones as they are written there. */
export function readable(number: string): string {
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return american === null ? number : `+1 ${american[1]} ${american[2]} ${american[3]}`;
}
