/** The cards to choose an assistant by. */

import type { Kind } from './phone/line.ts';

export interface Door {
  number: string;
  /** A stand-in of the carrier answers: this page can be the caller's phone. */
  standIn: boolean;
}

export interface Chatbot {
  id: string;
  companyId: string;
  name: string;
  description: string;
  numbers: Partial<Record<Kind, Door>>;
}

export function chooser(chatbots: Chatbot[], current: Chatbot | undefined, address: URL): HTMLElement[] {
  return chatbots.map((chatbot) => card(chatbot, chatbot === current, address));
}

/** Fixed by the tag of the first widget; another one starts on a fresh page. */
function choose(id: string, address: URL): void {
  address.searchParams.set('chatbot', id);
  address.hash = 'assistants';
  location.assign(address);
  if (location.search === address.search) location.reload();
}

function card(chatbot: Chatbot, checked: boolean, address: URL): HTMLElement {
  const label = document.createElement('label');
  label.className = 'card';
  const input = document.createElement('input');
  input.type = 'radio';
  input.name = 'chatbot';
  input.value = chatbot.id;
  input.checked = checked;
  const name = document.createElement('strong');
  name.textContent = chatbot.name;
  const description = document.createElement('span');
  description.textContent = chatbot.description;
  label.append(input, name, description);
  // A click chooses at once; with the keyboard, arrows look around and Enter or Space chooses.
  label.addEventListener('click', (event) => {
    if (event.detail > 0 && event.target === input) choose(chatbot.id, address);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      choose(chatbot.id, address);
    }
  });
  return label;
}
