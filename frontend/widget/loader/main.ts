/**
 * The script a customer puts on a page: it shows the call button and opens the call in a frame of ours.
 *
 * Costs the page one small script and one request until the button is pressed. No cookies, no fonts, no third party.
 */

import { readLauncherConfig } from '../config.ts';
import { Launcher } from './launcher.ts';

interface WidgetHandle {
  open(): void;
  close(): void;
}

declare global {
  interface Window {
    CallWidget?: WidgetHandle;
  }
}

const PREFIX = '[call widget]';

function findScript(): HTMLScriptElement | null {
  const current = document.currentScript;
  if (current instanceof HTMLScriptElement && current.dataset.chatbotId) return current;
  return document.querySelector<HTMLScriptElement>('script[data-chatbot-id][src*="widget.js"]');
}

async function refusal(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
  if (response.status === 403) {
    return `not shown: ${location.hostname} is not one of the chatbot's Allowed Domains. ${error?.message ?? ''}`;
  }
  return `not shown: ${error?.message ?? `the server answered ${response.status}`}`;
}

async function start(script: HTMLScriptElement): Promise<void> {
  const origin = new URL(script.src, location.href).origin;
  const { chatbotId = '', companyId = '', debug = '' } = script.dataset;
  let response: Response;
  try {
    response = await fetch(`${origin}/api/widget/config/${encodeURIComponent(chatbotId)}`, { credentials: 'omit' });
  } catch {
    console.error(`${PREFIX} not shown: ${origin} did not answer. Is ${location.hostname} an Allowed Domain?`);
    return;
  }
  if (!response.ok) {
    console.error(`${PREFIX} ${await refusal(response)}`);
    return;
  }
  const config = readLauncherConfig(await response.json());
  if (!config.enabledCall) {
    console.info(`${PREFIX} not shown: calls are switched off for this chatbot.`);
    return;
  }
  const frameUrl = new URL('/widget/frame/index.html', origin);
  frameUrl.searchParams.set('chatbot', chatbotId);
  frameUrl.searchParams.set('company', companyId || config.companyId);
  frameUrl.searchParams.set('parent', location.origin);
  if (debug === '1') frameUrl.searchParams.set('debug', '1');
  const launcher = new Launcher(config, frameUrl);
  window.CallWidget = { open: () => launcher.open(), close: () => launcher.close() };
  launcher.mount(document.body);
}

function boot(): void {
  if (window.CallWidget) return;
  const script = findScript();
  if (script === null) {
    console.error(`${PREFIX} not shown: the script tag has no data-chatbot-id.`);
    return;
  }
  window.CallWidget = { open: () => undefined, close: () => undefined };
  const run = (): void => void start(script);
  if (document.body) run();
  else document.addEventListener('DOMContentLoaded', run, { once: true });
}

boot();
