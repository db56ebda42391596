/** Starts the call screen inside the frame: address, configuration, language, colours, then the first view. */

import { render } from 'preact';
import captureUrl from '@call/audio-engine/worklets/capture.js?url';
import playbackUrl from '@call/audio-engine/worklets/playback.js?url';
import resamplerUrl from '@call/audio-engine/worklets/resampler.js?url';
import type { LinkEnvironment } from '@call/audio-engine/link';
import { Trace } from '@call/audio-engine/trace';
import type { WidgetConfig } from '../config.ts';
import { ApiError, fetchConfig, sessionOfHost } from './api.ts';
import { CallController } from './controller.ts';
import { connectHost } from './host.ts';
import { CallStore } from './store.ts';
import { App } from './views/App.tsx';
import { Problem } from './views/Problem.tsx';
import { loadTexts, refusalOfAnswer, refusalText } from './wording.ts';
import './styles.css';

const environment: LinkEnvironment = {
  openSocket: (url, protocols) => new WebSocket(url, protocols),
  now: () => performance.now(),
  after: (ms, run) => window.setTimeout(run, ms),
  cancel: (timer) => window.clearTimeout(timer),
};

const address = new URLSearchParams(location.search);
const chatbotId = address.get('chatbot') ?? '';
const companyId = address.get('company') ?? '';
const host = connectHost(window, address.get('parent'));
/** Only our own pages may hand a session in. */
const handedIn = address.get('test') === '1' && !host.standalone && address.get('parent') === location.origin;
const root = document.getElementById('call') as HTMLElement;

function applyCustomCss(css: string): void {
  if (css === '' || !('adoptedStyleSheets' in document)) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

function exposeForTests(store: CallStore, controller: CallController, trace: Trace): void {
  Object.defineProperty(window, '__call', {
    value: {
      get state() {
        return store.state;
      },
      get playedSamples() {
        return controller.playedSamples;
      },
      log: trace.log,
      get socketOpen() {
        return trace.at('socketOpen');
      },
      get firstSound() {
        return trace.at('sounding');
      },
      get stopAudioReceived() {
        return trace.at('stopAudioReceived', 'last');
      },
      get flushedAt() {
        return trace.at('flushedAt', 'last');
      },
      heard: () => trace.heardAudio(),
    },
  });
}

async function run(config: WidgetConfig): Promise<void> {
  const texts = await loadTexts(config.advanced.language);
  document.documentElement.lang = config.advanced.language;
  document.title = config.agentName || config.companyName || texts.callConnected;
  applyCustomCss(config.advanced.customCss);
  const trace = address.get('debug') === '1' ? new Trace(environment.now) : null;
  const traced: LinkEnvironment = {
    ...environment,
    openSocket: (url, protocols) => {
      const socket = new WebSocket(url, protocols);
      socket.addEventListener('open', () => trace?.note('socketOpen'));
      return socket;
    },
  };
  const store = new CallStore(config);
  const controller = new CallController({
    chatbotId,
    companyId: companyId || config.companyId,
    config,
    openSession: handedIn ? sessionOfHost(host) : undefined,
    dispatch: (action) => store.dispatch(action),
    clock: () => Date.now(),
    engine: {
      environment: trace === null ? environment : traced,
      trace,
      audio: {
        worklets: { resampler: resamplerUrl, capture: captureUrl, playback: playbackUrl },
        microphone: config.audio,
        tap: trace !== null,
      },
    },
  });
  if (trace !== null) exposeForTests(store, controller, trace);
  window.addEventListener('online', () => controller.networkCameBack());
  window.addEventListener('pagehide', () => void controller.release());
  render(<App config={config} texts={texts} store={store} controller={controller} host={host} />, root);
  if (store.state.phase === 'permission') void controller.start();
}

async function boot(): Promise<void> {
  try {
    await run(await fetchConfig(chatbotId));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const texts = await loadTexts('en');
    render(
      <Problem
        standalone={host.standalone}
        title={texts.configFailedTitle}
        text={refusalText(texts, refusalOfAnswer(error.status, error.code))}
        texts={texts}
        onRetry={() => location.reload()}
        onClose={() => host.post({ type: 'close' })}
      />,
      root,
    );
  }
  host.post({ type: 'ready' });
}

void boot();
