/**
 * The demo page: lists the assistants of /demo/chatbots.json, embeds the widget of the chosen one with the very tag a
 * customer would use, offers to ring it by phone and by WhatsApp, and keeps the choice in the address (?chatbot=…).
 */

import './demo.css';
import { chooser } from './chooser.ts';
import type { Chatbot } from './chooser.ts';
import { PhonePanel } from './phone/panel.ts';
import { doors } from './phone/doors.ts';

const address = new URL(location.href);
const debug = address.searchParams.get('debug') === '1';

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`#${id} is missing from the page`);
  return found;
}

function embed(chatbot: Chatbot): void {
  const script = document.createElement('script');
  script.src = '/widget.js';
  script.dataset.chatbotId = chatbot.id;
  script.dataset.companyId = chatbot.companyId;
  if (debug) script.dataset.debug = '1';
  document.body.append(script);
}

async function start(): Promise<void> {
  const response = await fetch('/demo/chatbots.json');
  if (!response.ok) throw new Error(`/demo/chatbots.json answered ${response.status}`);
  const chatbots = (await response.json()) as Chatbot[];
  const wished = address.searchParams.get('chatbot');
  const current = chatbots.find((chatbot) => chatbot.id === wished) ?? chatbots[0];
  element('chooser').append(...chooser(chatbots, current, address));
  if (current === undefined) return;
  embed(current);
  element('chosen').textContent = `${current.name} is ready. Use the call button in the corner, or ring it.`;
  const panel = new PhonePanel(debug);
  element('doors').replaceChildren(...doors(current, (kind, number) => panel.ring(kind, number, current.name)));
  document.body.append(panel.root);
}

start().catch((error: unknown) => {
  console.error(error);
  element('chosen').textContent = 'The assistants are not available right now.';
});
