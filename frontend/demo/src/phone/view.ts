/** The phone's surface: what is shown and which buttons there are. It decides nothing. */

import { icon } from './icons.ts';
import type { Picture } from './icons.ts';

export const KEYS: readonly (readonly [digit: string, letters: string])[] = [
  ['1', ''], ['2', 'ABC'], ['3', 'DEF'], ['4', 'GHI'], ['5', 'JKL'], ['6', 'MNO'],
  ['7', 'PQRS'], ['8', 'TUV'], ['9', 'WXYZ'], ['*', ''], ['0', '+'], ['#', ''],
];
const NAMES: Readonly<Record<string, string>> = { '*': 'star', '#': 'pound' };

export interface Actions {
  press(digit: string): void;
  mute(on: boolean): void;
  hangUp(): void;
  again(): void;
  close(): void;
}

export class PhoneView {
  readonly root = made('section', 'phone');
  private readonly title = made('h2', 'phone-title');
  private readonly who = made('p', 'phone-who');
  private readonly state = made('p', 'phone-state');
  private readonly detail = made('p', 'phone-detail');
  private readonly level = made('span', 'phone-level');
  private readonly meter = made('div', 'phone-meter');
  private readonly digits = made('p', 'phone-digits');
  private readonly keypad = made('div', 'phone-keypad');
  private readonly live = made('p', 'visually-hidden');
  private readonly mute = button('Mute', 'mute', 'phone-round');
  private readonly keys = button('Keypad', 'keypad', 'phone-round');
  private readonly end = button('Hang up', 'twilio', 'phone-round phone-end');
  private readonly again = button('Ring again', null, 'phone-wide');
  private readonly close = button('Close', null, 'phone-wide phone-plain');
  private readonly calling = made('div', 'phone-buttons');
  private readonly after = made('div', 'phone-buttons phone-after');

  constructor(private readonly actions: Actions) {
    this.root.hidden = true;
    this.root.tabIndex = -1;
    this.root.setAttribute('role', 'dialog');
    this.title.id = 'phone-title';
    this.root.setAttribute('aria-labelledby', this.title.id);
    this.live.setAttribute('role', 'status');
    this.keypad.setAttribute('role', 'group');
    this.keypad.setAttribute('aria-label', 'Keypad');
    this.keypad.append(...KEYS.map(([digit, letters]) => this.key(digit, letters)));
    this.meter.append(made('span', 'phone-meter-name', 'Microphone'), this.level);
    this.meter.setAttribute('aria-hidden', 'true');
    this.calling.append(this.mute, this.keys, this.end);
    this.after.append(this.again, this.close);
    this.root.append(
      this.title, this.who, this.state, this.detail, this.meter, this.digits, this.keypad, this.calling, this.after, this.live,
    );
    this.listen();
  }

  /** A new call is shown from its beginning; the focus comes here. */
  begin(title: string, who: string): void {
    this.title.textContent = title;
    this.who.textContent = who;
    this.digits.textContent = '';
    this.setMuted(false);
    this.setKeypad(false);
    this.show('', '', true);
    this.root.hidden = false;
    this.root.focus();
  }

  /** What becomes of the call; `going`: it still goes on. */
  show(state: string, detail: string, going: boolean): void {
    const held = this.root.contains(document.activeElement) && !this.after.contains(document.activeElement);
    this.state.textContent = state;
    this.detail.textContent = detail;
    this.calling.hidden = !going;
    this.meter.hidden = !going;
    this.digits.hidden = !going;
    this.after.hidden = going;
    if (going) return;
    this.setKeypad(false);
    if (held) this.again.focus();
  }

  /** For screen readers. */
  say(sentence: string): void {
    this.live.textContent = sentence;
  }

  /** The time a call has taken; not announced. */
  tick(time: string): void {
    this.detail.textContent = time;
  }

  /** How loud the microphone is, 0 to 1. */
  showLevel(level: number): void {
    this.level.style.setProperty('--level', level.toFixed(2));
  }

  hide(): void {
    this.root.hidden = true;
  }

  private listen(): void {
    this.mute.addEventListener('click', () => {
      const on = this.mute.getAttribute('aria-pressed') !== 'true';
      this.setMuted(on);
      this.actions.mute(on);
    });
    this.keys.addEventListener('click', () => this.setKeypad(this.keypad.hidden !== false));
    this.end.addEventListener('click', () => this.actions.hangUp());
    this.again.addEventListener('click', () => this.actions.again());
    this.close.addEventListener('click', () => this.actions.close());
    this.root.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === 'Escape' && !this.after.hidden) this.actions.close();
      else if (!this.calling.hidden && KEYS.some(([digit]) => digit === event.key)) this.press(event.key);
    });
  }

  private key(digit: string, letters: string): HTMLButtonElement {
    const key = button('', null, 'phone-key');
    key.setAttribute('aria-label', NAMES[digit] ?? digit);
    key.append(made('span', '', digit), made('small', '', letters));
    key.addEventListener('click', () => this.press(digit));
    return key;
  }

  private press(digit: string): void {
    this.digits.textContent = `${this.digits.textContent ?? ''}${digit}`.slice(-16);
    this.actions.press(digit);
  }

  private setMuted(on: boolean): void {
    this.mute.setAttribute('aria-pressed', String(on));
    this.meter.classList.toggle('phone-muted', on);
  }

  private setKeypad(open: boolean): void {
    this.keypad.hidden = !open;
    this.keys.setAttribute('aria-expanded', String(open));
  }
}

function made<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', text = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.textContent = text;
  return element;
}

function button(words: string, picture: Picture | null, className: string): HTMLButtonElement {
  const element = made('button', className);
  element.type = 'button';
  if (picture !== null) element.append(icon(picture));
  if (words !== '') element.append(made('span', '', words));
  return element;
}
