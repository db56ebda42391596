/** The screens as a caller meets them: roles, names, focus, and what buttons set off. */

import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallController } from '../frame/controller.ts';
import type { Host } from '../frame/host.ts';
import { initialState } from '../frame/state.ts';
import type { CallState } from '../frame/state.ts';
import { CallStore } from '../frame/store.ts';
import { App } from '../frame/views/App.tsx';
import { readWidgetConfig } from '../config.ts';
import { texts } from '../locales/en.ts';

let root: HTMLDivElement;

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(() => {
  render(null, root);
  root.remove();
});

function show(state: Partial<CallState>, raw: Record<string, unknown> = {}) {
  const config = readWidgetConfig({ agentName: 'Robin', companyName: 'Finch', recordingEnabled: true, ...raw });
  const store = new CallStore(config);
  store.state = { ...initialState('live'), ...state };
  const calls = { start: vi.fn(), mute: vi.fn(), hangUp: vi.fn(), rate: vi.fn(), release: vi.fn(), giveGesture: vi.fn() };
  const controller = { sound: null, ...calls } as unknown as CallController;
  const posted: string[] = [];
  const host: Host = { standalone: false, post: (message) => void posted.push(message.type), listen: () => undefined };
  act(() => render(<App config={config} texts={texts} store={store} controller={controller} host={host} />, root));
  return { store, calls, posted };
}

const find = <T extends HTMLElement>(selector: string): T => {
  const element = root.querySelector<T>(selector);
  if (element === null) throw new Error(`nothing matches ${selector}`);
  return element;
};
const button = (name: string): HTMLButtonElement => {
  const all = [...root.querySelectorAll('button')];
  const match = all.find((one) => (one.getAttribute('aria-label') ?? one.textContent?.trim()) === name);
  if (!match) throw new Error(`no button ${name}; there are ${all.map((one) => one.textContent).join(', ')}`);
  return match;
};
const click = (element: HTMLElement): void => void act(() => element.click());
const press = (key: string): void =>
  void act(() => void find('[role=dialog]').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })));
const type = (element: HTMLInputElement | HTMLTextAreaElement, value: string): void =>
  void act(() => {
    element.value = value;
    element.dispatchEvent(new Event('input', { bubbles: true }));
  });

describe('the running call', () => {
  const spoken = { id: 'a', role: 'assistant', text: 'Hello!', final: true, startMs: 0, endMs: 1 } as const;

  it('is a named modal dialog with a status for screen readers', () => {
    show({ wasConnected: true, agentSpeaking: true });
    expect(find('[role=dialog]').getAttribute('aria-modal')).toBe('true');
    expect(find('[role=dialog]').getAttribute('aria-label')).toBe('Voice call with Robin');
    expect(find('[role=status]').textContent).toBe('Agent is speaking');
    expect(find('.status').textContent).toContain('Agent speaking');
  });

  it('announces finished captions only', () => {
    show({ captions: [spoken, { ...spoken, id: 'b', text: 'How can', final: false, startMs: 5 }] });
    expect(find('[role=log]').textContent).toContain('Hello!');
    expect(find('[role=log]').textContent).not.toContain('How can');
    expect(find('.partial').closest('[aria-hidden=true]')).not.toBeNull();
  });

  it('tells the mute state and changes it', () => {
    const { calls, store } = show({ wasConnected: true });
    expect(button('Mute').getAttribute('aria-pressed')).toBe('false');
    click(button('Mute'));
    expect(calls.mute).toHaveBeenCalledWith(true);
    act(() => store.dispatch({ type: 'muted', on: true }));
    expect(button('Mute').getAttribute('aria-pressed')).toBe('true');
  });

  it('asks before Escape ends a modal call; a second Escape stays', () => {
    const { calls, posted } = show({ wasConnected: true });
    press('Escape');
    expect(find('[role=alertdialog]').textContent).toContain('End this call?');
    expect(document.activeElement?.textContent).toBe('Stay in the call');
    press('Escape');
    expect(root.querySelector('[role=alertdialog]')).toBeNull();
    expect(calls.hangUp).not.toHaveBeenCalled();
    expect(posted).not.toContain('close');
  });

  it('shrinks an embedded call to a pill instead', () => {
    const { posted, store } = show({ wasConnected: true }, { widget: { callOptions: { interfaceSize: 'embedded' } } });
    click(button('Minimise'));
    expect(store.state.minimised).toBe(true);
    expect(find('.pill').textContent).toContain('0:00');
    expect(posted.filter((one) => one === 'layout')).toHaveLength(2);
    click(find('.pill-open'));
    expect(store.state.minimised).toBe(false);
  });

  it('hides what the company switched off', () => {
    show({ wasConnected: true }, {
      widget: { callOptions: { showMuteButton: false, showLiveTranscript: false, showDuration: false }, features: { qualityIndicator: false } },
    });
    expect(root.querySelector('.is-open, .transcript, .duration, .quality')).toBeNull();
  });

  it('names the quality in words', () => {
    show({ wasConnected: true, quality: 'poor' });
    expect(find('.quality').textContent).toBe('Connection: Poor');
  });
});

describe('before the call', () => {
  const wanted = { widget: { features: { requireName: true, requireEmail: true } } };

  it('does not start without the required answers, says why, and leads to the first gap', () => {
    const { calls } = show({ phase: 'form' }, wanted);
    type(find<HTMLInputElement>('#caller-name'), 'Ada');
    type(find<HTMLInputElement>('#caller-email'), 'not an address');
    click(button('Start call'));
    expect(calls.start).not.toHaveBeenCalled();
    expect(find('#caller-email').getAttribute('aria-invalid')).toBe('true');
    expect(find('#caller-email-problem').textContent).toContain('name@example.com');
    expect(document.activeElement?.id).toBe('caller-email');
  });

  it('starts with the trimmed answers', () => {
    const { calls } = show({ phase: 'form' }, wanted);
    type(find<HTMLInputElement>('#caller-name'), ' Ada ');
    type(find<HTMLInputElement>('#caller-email'), 'ada@example.com');
    click(button('Start call'));
    expect(calls.start).toHaveBeenCalledWith({ name: 'Ada', email: 'ada@example.com' });
  });

  it('tells that the call is recorded, and with whom one talks', () => {
    show({ phase: 'permission' });
    expect(root.textContent).toContain('This call is recorded.');
    expect(root.textContent).toContain('AI assistant');
  });

  it('explains a denied microphone and offers another try', () => {
    const { calls } = show({ phase: 'microphone', problem: 'denied' });
    expect(find('[role=alert]').textContent).toContain('Click lock icon in address bar');
    click(button('Try again'));
    expect(calls.start).toHaveBeenCalledOnce();
  });

  it('offers no retry where none can help', () => {
    show({ phase: 'refused', refusal: 'unavailable' });
    expect(root.textContent).toContain('Call feature not available. Contact support.');
    expect(() => button('Try again')).toThrow();
  });

  it('says that the call moved, without a button that would start a second one', () => {
    show({ phase: 'refused', refusal: 'replaced', wasConnected: true });
    expect(find('[role=alert] h2').textContent).toBe('Call Ended');
    expect(root.textContent).toContain('continues in another window');
    expect(() => button('Try again')).toThrow();
  });

  it('offers Retry after a lost connection', () => {
    const { calls } = show({ phase: 'lost', wasConnected: true });
    expect(root.textContent).toContain('Connection lost');
    click(button('Retry'));
    expect(calls.start).toHaveBeenCalledOnce();
  });
});

describe('after the call', () => {
  const ended = { phase: 'ended', wasConnected: true, callId: 'c', result: { durationS: 225, reason: 'user_ended' } } as const;

  it('shows headline, time and farewell, and closes', () => {
    const { posted } = show(ended);
    expect(root.textContent).toContain('Call Ended');
    expect(root.textContent).toContain('Total time: 3:45');
    expect(root.textContent).toContain('Thank you for calling!');
    click([...root.querySelectorAll('button')].findLast((one) => one.textContent === 'Close') as HTMLButtonElement);
    expect(posted).toContain('close');
  });

  it('rates by five named radios, with a comment', () => {
    const { calls, store } = show(ended);
    const stars = [...root.querySelectorAll<HTMLInputElement>('input[type=radio]')];
    expect(stars.map((star) => star.getAttribute('aria-label'))).toEqual(['1 star', '2 stars', '3 stars', '4 stars', '5 stars']);
    act(() => (stars[3] as HTMLInputElement).click());
    type(find<HTMLTextAreaElement>('textarea'), ' Very helpful ');
    click(button('Submit'));
    expect(calls.rate).toHaveBeenCalledWith({ stars: 4, comment: 'Very helpful' });
    act(() => store.dispatch({ type: 'feedback', state: 'sent' }));
    expect(root.textContent).toContain('Thank you for your feedback!');
  });

  it('offers the recording only where allowed and made, and shows that it is still being prepared', () => {
    show(ended);
    expect(() => button('Download Recording')).toThrow();
    render(null, root);
    show({ ...ended, recording: 'pending' }, { widget: { features: { recordingDownload: true } } });
    expect(button('Preparing the recording…').disabled).toBe(true);
  });

  it('offers the chat where there is one', () => {
    const { posted } = show(ended, { enabledChat: true });
    click(button('Start Chat'));
    expect(posted).toEqual(expect.arrayContaining(['chat', 'close']));
  });
});
