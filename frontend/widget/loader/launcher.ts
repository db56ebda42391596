/** The call button in a closed shadow root, and the frame it opens. */

import { foregroundFor, hoverOf } from '../color.ts';
import type { Language, LauncherConfig } from '../config.ts';
import { unwrap, wrap } from '../envelope.ts';
import type { ToFrame, ToLoader } from '../envelope.ts';
import { frameStyle, launcherCss } from './style.ts';

interface LauncherTexts {
  call: string;
  /** Accessible name; {name} is the company. */
  label: string;
  frame: string;
}

const TEXTS: Readonly<Record<Language, LauncherTexts>> = {
  en: { call: 'Call us!', label: 'Start a voice call', frame: 'Voice call' },
  es: { call: 'Llámanos!', label: 'Iniciar una llamada de voz', frame: 'Llamada de voz' },
  fr: { call: 'Appelez-nous !', label: 'Démarrer un appel vocal', frame: 'Appel vocal' },
  de: { call: 'Ruf uns an!', label: 'Sprachanruf starten', frame: 'Sprachanruf' },
};

const SVG = 'http://www.w3.org/2000/svg';
const PHONE =
  'M6.6 10.8a15.1 15.1 0 0 0 6.6 6.6l2.2-2.2a1 1 0 0 1 1-.25 11.4 11.4 0 0 0 3.6.57 1 1 0 0 1 1 1V20a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.5a1 1 0 0 1 1 1c0 1.25.2 2.45.57 3.57a1 1 0 0 1-.25 1.02z';

export class Launcher {
  private readonly host = document.createElement('div');
  private readonly root: ShadowRoot;
  private readonly button = document.createElement('button');
  private frame: HTMLIFrameElement | null = null;
  private mode: 'open' | 'pill' = 'open';

  constructor(
    private readonly config: LauncherConfig,
    private readonly frameUrl: URL,
  ) {
    this.root = this.host.attachShadow({ mode: 'closed' });
    this.host.setAttribute('data-call-widget', '');
    this.style();
    this.build();
    window.addEventListener('message', (event) => this.receive(event));
    window.addEventListener('resize', () => this.place());
  }

  mount(parent: HTMLElement): void {
    parent.append(this.host);
  }

  open(): void {
    if (this.frame !== null) {
      this.post({ type: 'focus' });
      this.frame.focus();
      return;
    }
    const frame = document.createElement('iframe');
    frame.title = this.texts.frame;
    frame.allow = 'microphone; autoplay; clipboard-write; fullscreen';
    frame.src = this.frameUrl.href;
    this.frame = frame;
    this.mode = 'open';
    this.place();
    this.root.append(frame);
    this.button.hidden = true;
    frame.focus();
    this.announce('open');
  }

  close(): void {
    if (this.frame === null) return;
    this.frame.remove();
    this.frame = null;
    this.button.hidden = false;
    this.button.focus();
    this.announce('close');
  }

  private get texts(): LauncherTexts {
    return TEXTS[this.config.language];
  }

  private style(): void {
    const { callButtonColor } = this.config.appearance;
    const css = launcherCss(this.config.appearance, foregroundFor(callButtonColor), hoverOf(callButtonColor));
    if ('adoptedStyleSheets' in this.root && 'replaceSync' in CSSStyleSheet.prototype) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      this.root.adoptedStyleSheets = [sheet];
      return;
    }
    const element = document.createElement('style');
    element.textContent = css;
    this.root.append(element);
  }

  private build(): void {
    const { appearance, companyName } = this.config;
    const { button } = this;
    const visible = appearance.callLauncherText ?? this.texts.call;
    button.type = 'button';
    button.className = 'launcher';
    button.setAttribute('aria-haspopup', 'dialog');
    button.append(this.icon(appearance.callLauncherIcon));
    if (appearance.showCallLauncherText) {
      const label = document.createElement('span');
      label.textContent = visible;
      button.append(label);
    } else {
      button.setAttribute('aria-label', companyName ? `${this.texts.label}: ${companyName}` : this.texts.label);
    }
    button.addEventListener('click', () => this.open());
    button.addEventListener('pointerenter', () => this.preconnect(), { once: true });
    this.root.append(button);
  }

  private icon(address: string): Element {
    if (address) {
      const image = document.createElement('img');
      image.src = new URL(address, this.frameUrl).href;
      image.alt = '';
      return image;
    }
    // By nodes: a page may forbid markup from strings (Trusted Types).
    const icon = document.createElementNS(SVG, 'svg');
    const path = document.createElementNS(SVG, 'path');
    for (const [name, value] of Object.entries({ class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' })) {
      icon.setAttribute(name, value);
    }
    path.setAttribute('d', PHONE);
    icon.append(path);
    return icon;
  }

  private preconnect(): void {
    const link = document.createElement('link');
    link.rel = 'preconnect';
    link.href = this.frameUrl.origin;
    document.head.append(link);
  }

  private place(): void {
    if (this.frame === null) return;
    const small = matchMedia('(max-width: 640px)').matches;
    Object.assign(this.frame.style, frameStyle(this.config, this.mode, small));
  }

  private receive(event: MessageEvent): void {
    const ours = this.frame !== null && event.source === this.frame.contentWindow;
    if (!ours || event.origin !== this.frameUrl.origin) return;
    const message = unwrap<ToLoader>(event.data);
    switch (message?.type) {
      case 'close':
        this.close();
        break;
      case 'layout':
        this.mode = message.mode;
        this.place();
        break;
      case 'call':
        this.announce(message.active ? 'call-started' : 'call-ended');
        break;
      case 'chat':
        this.announce('chat');
        break;
      default:
        break;
    }
  }

  private post(message: ToFrame): void {
    this.frame?.contentWindow?.postMessage(wrap(message), this.frameUrl.origin);
  }

  /** Pages may listen for call-widget:open, :close, :call-started, :call-ended and :chat. */
  private announce(name: string): void {
    document.dispatchEvent(new CustomEvent(`call-widget:${name}`));
  }
}
