/** The boundary between a customer's page and ours: who may talk to whom, and what a page gets to see. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readLauncherConfig } from '../config.ts';
import { wrap } from '../envelope.ts';
import { connectHost } from '../frame/host.ts';
import { Launcher } from '../loader/launcher.ts';

const OURS = 'https://calls.example';
const SITE = 'https://shop.example';

describe('the frame’s side', () => {
  function page() {
    const listeners: ((event: MessageEvent) => void)[] = [];
    const parent = { postMessage: vi.fn() };
    const self = { parent, addEventListener: (_: string, run: (event: MessageEvent) => void) => listeners.push(run) };
    const say = (over: object): void => {
      const event: unknown = { source: parent, origin: SITE, data: wrap({ type: 'focus' }), ...over };
      for (const run of listeners) run(event as MessageEvent);
    };
    return { self: self as unknown as Window, parent, say };
  }

  it('hears its own parent on the announced origin only', () => {
    const { self, say } = page();
    const heard = vi.fn();
    connectHost(self, SITE).listen(heard);
    say({ origin: 'https://evil.example' });
    say({ source: {} });
    say({ data: { type: 'focus' } });
    expect(heard).not.toHaveBeenCalled();
    say({});
    expect(heard).toHaveBeenCalledOnce();
  });

  it('addresses one origin, never any', () => {
    const { self, parent } = page();
    connectHost(self, SITE).post({ type: 'close' });
    expect(parent.postMessage).toHaveBeenCalledWith(expect.objectContaining({ type: 'close', version: 1 }), SITE);
  });

  it('says nothing when it stands alone', () => {
    const { self, parent } = page();
    const host = connectHost(self, null);
    host.post({ type: 'close' });
    expect(host.standalone).toBe(true);
    expect(parent.postMessage).not.toHaveBeenCalled();
  });
});

describe('the loader’s side', () => {
  let root: ShadowRoot;

  beforeEach(() => {
    const attach = Element.prototype.attachShadow;
    vi.spyOn(Element.prototype, 'attachShadow').mockImplementation(function (this: Element, init) {
      expect(init.mode).toBe('closed');
      root = attach.call(this, init);
      return root;
    });
  });

  afterEach(() => {
    vi.restoreAllMocks();
    document.body.replaceChildren();
  });

  function launcher(raw: object = {}) {
    const one = new Launcher(readLauncherConfig({ companyName: 'Finch', ...raw }), new URL(`${OURS}/widget/frame/index.html?chatbot=a`));
    one.mount(document.body);
    return one;
  }

  const button = (): HTMLButtonElement => root.querySelector('button') as HTMLButtonElement;
  const frame = (): HTMLIFrameElement | null => root.querySelector('iframe');
  const say = (type: string, over: object = {}): void => {
    const event = new MessageEvent('message', { data: wrap({ type }), origin: OURS });
    Object.defineProperty(event, 'source', { value: frame()?.contentWindow ?? null });
    for (const [key, value] of Object.entries(over)) Object.defineProperty(event, key, { value });
    window.dispatchEvent(event);
  };

  it('shows the translated text, or the company’s own, or a name for the bare icon', () => {
    launcher({ widget: { advanced: { language: 'es' } } });
    expect(button().textContent).toBe('Llámanos!');
    launcher({ widget: { appearance: { callLauncherText: 'Ring us' } } });
    expect(button().textContent).toBe('Ring us');
    launcher({ widget: { appearance: { showCallLauncherText: false } } });
    expect(button().getAttribute('aria-label')).toBe('Start a voice call: Finch');
  });

  it('opens one frame with a title and the rights a call needs', () => {
    launcher();
    button().click();
    button().click();
    expect(root.querySelectorAll('iframe')).toHaveLength(1);
    expect(frame()?.allow).toBe('microphone; autoplay; clipboard-write; fullscreen');
    expect(frame()?.title).toBe('Voice call');
    expect(button().hidden).toBe(true);
  });

  it('closes only when its own frame says so, and gives the focus back', () => {
    launcher();
    button().click();
    const focus = vi.spyOn(button(), 'focus');
    say('close', { origin: 'https://evil.example' });
    say('close', { source: window });
    expect(frame()).not.toBeNull();
    say('close');
    expect(frame()).toBeNull();
    expect(button().hidden).toBe(false);
    expect(focus).toHaveBeenCalledOnce();
  });

  it('tells the page what happens by events', () => {
    const seen: string[] = [];
    for (const name of ['open', 'chat', 'close']) document.addEventListener(`call-widget:${name}`, () => seen.push(name), { once: true });
    launcher();
    button().click();
    say('chat');
    say('close');
    expect(seen).toEqual(['open', 'chat', 'close']);
  });
});
