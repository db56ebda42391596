/** Chooses the screen for the state and wires its buttons to the controller and the page around. */

import { useCallback, useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { WidgetConfig } from '../../config.ts';
import type { Texts } from '../../locales/en.ts';
import type { CallController } from '../controller.ts';
import type { Host } from '../host.ts';
import { isCallRunning } from '../state.ts';
import type { CallState } from '../state.ts';
import { firstPhase } from '../store.ts';
import type { CallStore } from '../store.ts';
import { schemeOf, themeVariables } from '../theme.ts';
import { announcement, fill, microphoneText, refusalText, statusLine } from '../wording.ts';
import { Dialog } from './Dialog.tsx';
import { Ended } from './Ended.tsx';
import { Header } from './Header.tsx';
import { LeaveQuestion } from './LeaveQuestion.tsx';
import { Live, useElapsed, useJustConnected } from './Live.tsx';
import { Pill } from './Pill.tsx';
import { GesturePrompt, PermissionHint, PreCallForm } from './PreCall.tsx';
import { Problem } from './Problem.tsx';

export interface AppProps {
  config: WidgetConfig;
  texts: Texts;
  store: CallStore;
  controller: CallController;
  host: Host;
}

function useCallState(store: CallStore): CallState {
  const [state, setState] = useState(store.state);
  useLayoutEffect(() => store.subscribe(() => setState(store.state)), [store]);
  return state;
}

function useScheme(config: WidgetConfig): 'light' | 'dark' {
  const query = matchMedia('(prefers-color-scheme: dark)');
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = (event: MediaQueryListEvent): void => setDark(event.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return schemeOf(config.appearance.theme, dark);
}

/** The frame's own size follows the caller's: narrow windows always get the whole screen. */
function useNarrow(): boolean {
  const query = matchMedia('(max-width: 640px)');
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const changed = (event: MediaQueryListEvent): void => setNarrow(event.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return narrow;
}

interface Leaving {
  /** X and Escape. */
  leave(): void;
  close(): void;
  chat(): void;
  confirm(): void;
  cancel(): void;
}

function useLeaving({ config, store, controller, host }: AppProps): Leaving {
  const close = useCallback(() => {
    void controller.release();
    host.post({ type: 'close' });
  }, [controller, host]);
  const openChat = (): void => {
    host.post({ type: 'chat' });
    close();
  };
  const leave = (): void => {
    if (store.state.leaving !== null) store.dispatch({ type: 'leave-cancelled' });
    else if (!isCallRunning(store.state)) close();
    else if (config.callOptions.interfaceSize === 'embedded' && !host.standalone) {
      store.dispatch({ type: 'minimised', on: true });
    } else store.dispatch({ type: 'leave-asked', why: 'end' });
  };
  const chat = (): void => {
    if (isCallRunning(store.state)) store.dispatch({ type: 'leave-asked', why: 'chat' });
    else openChat();
  };
  const confirm = (): void => {
    const why = store.state.leaving;
    controller.hangUp();
    if (why === 'chat') openChat();
  };
  return { leave, close, chat, confirm, cancel: () => store.dispatch({ type: 'leave-cancelled' }) };
}

function refusedTitle(texts: Texts, state: CallState): string {
  if (state.refusal === 'browser') return texts.unsupportedTitle;
  return state.wasConnected ? texts.callEnded : texts.refusedTitle;
}

function Screen(props: AppProps & { state: CallState; leaving: Leaving }): JSX.Element {
  const { config, texts, state, store, controller, host, leaving } = props;
  const again = (): void => void controller.start();
  const close = host.standalone ? null : leaving.close;
  const chat = config.enabledChat ? leaving.chat : null;
  switch (state.phase) {
    case 'form':
      return <PreCallForm config={config} texts={texts} onStart={(customer) => void controller.start(customer)} />;
    case 'permission':
      return <PermissionHint config={config} texts={texts} />;
    case 'gesture':
      return <GesturePrompt config={config} texts={texts} onGo={() => void controller.giveGesture()} />;
    case 'microphone': {
      const problem = microphoneText(texts, state.problem ?? 'unsupported');
      return <Problem key="microphone" inDialog texts={texts} {...problem} onRetry={again} onChat={chat} onClose={close} />;
    }
    case 'refused': {
      const refusal = state.refusal ?? 'server';
      const hopeless = ['browser', 'unavailable', 'domain', 'not-found', 'replaced'].includes(refusal);
      return (
        <Problem
          key="refused"
          inDialog
          texts={texts}
          title={refusedTitle(texts, state)}
          text={refusalText(texts, refusal)}
          onRetry={hopeless ? null : again}
          onChat={chat}
          onClose={close}
        />
      );
    }
    case 'lost': {
      const retry = { onRetry: again, retryLabel: texts.retry };
      return (
        <Problem key="lost" inDialog texts={texts} title={texts.lostTitle} text={texts.lostText} {...retry} onChat={chat} onClose={close} />
      );
    }
    case 'ended': {
      const restart = (): void => {
        store.dispatch({ type: 'restarted', phase: firstPhase(config) });
        if (store.state.phase === 'permission') again();
      };
      return <Ended {...props} onChat={leaving.chat} onAgain={restart} onClose={close} />;
    }
    default:
      return <Live {...props} onEnd={() => controller.hangUp()} onChat={leaving.chat} />;
  }
}

/** Speaks for the status line; the region exists from the start, or nothing would be announced. */
function Announcer({ texts, state }: { texts: Texts; state: CallState }): JSX.Element {
  const line = statusLine(texts, state, useJustConnected(state.wasConnected));
  return (
    <div class="visually-hidden" role="status">
      {announcement(texts, line)}
    </div>
  );
}

const LIVE_SCREEN = ['connecting', 'live', 'reconnecting', 'ending'];

export function App(props: AppProps): JSX.Element {
  const { config, texts, store, controller, host } = props;
  const state = useCallState(store);
  const scheme = useScheme(config);
  const narrow = useNarrow();
  const leaving = useLeaving(props);
  const running = isCallRunning(state);
  const elapsed = useElapsed(state.startedAt, running);
  const size = config.callOptions.interfaceSize;
  const embedded = size === 'embedded';
  const name = config.agentName || config.companyName || texts.agent;
  useEffect(() => host.post({ type: 'call', active: running }), [running]);
  useEffect(() => host.post({ type: 'layout', mode: state.minimised ? 'pill' : 'open' }), [state.minimised]);
  useEffect(() => host.listen((message) => message.type === 'focus' && store.dispatch({ type: 'minimised', on: false })), []);
  const screen = state.leaving ? 'leave' : LIVE_SCREEN.includes(state.phase) ? 'live' : state.phase;
  return (
    <div class={`scheme-${scheme} ${host.standalone ? 'standalone' : ''}`} style={themeVariables(config.appearance, scheme)}>
      <Announcer texts={texts} state={state} />
      {state.minimised ? (
        <Pill
          texts={texts}
          seconds={elapsed}
          onOpen={() => store.dispatch({ type: 'minimised', on: false })}
          onEnd={() => controller.hangUp()}
        />
      ) : (
        <Dialog
          label={fill(texts.dialogLabel, { name })}
          modal={!embedded}
          size={narrow && !embedded ? 'full' : size}
          screen={screen}
          onEscape={leaving.leave}
        >
          <Header
            config={config}
            texts={texts}
            leaves={running && embedded && !host.standalone ? 'minimise' : 'close'}
            onLeave={host.standalone && !running ? null : leaving.leave}
          />
          {/* The call stays mounted behind the question, so that the transcript keeps its place. */}
          <div class="body" inert={state.leaving !== null}>
            <Screen {...props} state={state} leaving={leaving} />
          </div>
          {state.leaving && (
            <LeaveQuestion
              texts={texts}
              action={state.leaving === 'chat' ? texts.switchToChat : texts.endCall}
              onConfirm={leaving.confirm}
              onCancel={leaving.cancel}
            />
          )}
        </Dialog>
      )}
    </div>
  );
}
