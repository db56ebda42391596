/** The widget's call screen with its own state and views; only the call behind it is pretended. */

import { render } from 'preact';
import { readWidgetConfig } from '../../widget/config.ts';
import type { CallController } from '../../widget/frame/controller.ts';
import { connectHost } from '../../widget/frame/host.ts';
import type { Action } from '../../widget/frame/state.ts';
import { CallStore } from '../../widget/frame/store.ts';
import { App } from '../../widget/frame/views/App.tsx';
import { loadTexts } from '../../widget/frame/wording.ts';
import '../../widget/frame/styles.css';
import './messages.ts';
import { conversation, PretendedVoice } from './script.ts';

/** Stands where the real controller stands; whatever a view may ask of it, it answers without leaving the page. */
class PretendedCall {
  private readonly user = new PretendedVoice();
  private readonly agent = new PretendedVoice();
  readonly sound = { userAnalyser: this.user, agentAnalyser: this.agent };
  readonly playedSamples = 0;
  private timers: number[] = [];
  private began = 0;

  constructor(
    private readonly store: CallStore,
    private readonly greeting: string,
  ) {}

  async start(): Promise<void> {
    this.stop();
    this.began = Date.now();
    let at = 0;
    for (const beat of conversation(this.greeting)) {
      at += beat.after;
      this.timers.push(window.setTimeout(() => this.play(beat.action), at));
    }
  }

  hangUp(): void {
    this.stop();
    this.store.dispatch({ type: 'ended', data: { duration: Math.round((Date.now() - this.began) / 1000), reason: 'user_ended' } });
  }

  mute(on: boolean): void {
    this.store.dispatch({ type: 'muted', on });
  }

  async release(): Promise<void> {
    this.stop();
  }

  async rate(): Promise<void> {
    this.store.dispatch({ type: 'feedback', state: 'sent' });
  }

  private play(action: Action): void {
    if (action.type === 'agent-speaking') this.agent.speaking = action.on;
    if (action.type === 'user-speaking') this.user.speaking = action.on;
    this.store.dispatch(action);
  }

  private stop(): void {
    for (const timer of this.timers) window.clearTimeout(timer);
    this.timers = [];
    this.user.speaking = false;
    this.agent.speaking = false;
  }
}

/** Methods of the real one that the preview has no use for do nothing. */
function asController(call: PretendedCall): CallController {
  const proxy = new Proxy(call, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value === 'function') return value.bind(target);
      return value ?? (() => Promise.resolve());
    },
  });
  return proxy as unknown as CallController;
}

function applyCustomCss(css: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

async function run(): Promise<void> {
  const raw = window.parent.previewConfig ?? {};
  const config = readWidgetConfig(raw);
  const texts = await loadTexts(config.advanced.language);
  document.documentElement.lang = config.advanced.language;
  applyCustomCss(config.advanced.customCss);
  const store = new CallStore(config);
  const greeting = typeof raw.greeting === 'string' ? raw.greeting : 'Hello! How can I assist you today?';
  const controller = asController(new PretendedCall(store, greeting));
  const host = connectHost(window, location.origin);
  render(<App config={config} texts={texts} store={store} controller={controller} host={host} />, document.getElementById('call') as HTMLElement);
  if (store.state.phase === 'permission') void controller.start();
}

void run();
