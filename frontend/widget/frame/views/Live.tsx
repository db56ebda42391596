/** The running call: picture of the voices, status line, transcript, controls. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { Visualizer } from '@call/audio-engine/visualizer';
import type { Speaker } from '@call/audio-engine/visualizer';
import type { QualityLevel } from '@call/audio-engine/protocol';
import type { WidgetConfig } from '../../config.ts';
import type { Texts } from '../../locales/en.ts';
import type { CallController } from '../controller.ts';
import type { CallState } from '../state.ts';
import { clock, statusLine } from '../wording.ts';
import { Captions } from './Captions.tsx';
import { Icon } from './icons.tsx';

export interface LiveProps {
  config: WidgetConfig;
  texts: Texts;
  state: CallState;
  controller: CallController;
  onEnd(): void;
  onChat(): void;
}

const CONNECTED_SHOWN_MS = 1_800;
const WEAK_CORES = 4;

/** Whole seconds since the call began, for the display. */
export function useElapsed(startedAt: number | null, running: boolean): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (startedAt === null || !running) return undefined;
    const tick = (): void => setSeconds(Math.max(0, Math.floor((Date.now() - startedAt) / 1000)));
    tick();
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  }, [startedAt, running]);
  return seconds;
}

/** True for a moment after the connection came about, so that "Connected" can be read. */
export function useJustConnected(connected: boolean): boolean {
  const [just, setJust] = useState(true);
  useEffect(() => {
    if (!connected) return undefined;
    const timer = setTimeout(() => setJust(false), CONNECTED_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [connected]);
  return just;
}

function speakerOf(state: CallState): Speaker {
  if (state.phase !== 'live') return 'idle';
  if (state.agentSpeaking) return 'agent';
  return state.userSpeaking && !state.muted ? 'user' : 'idle';
}

function VoicePicture({ config, state, controller }: Pick<LiveProps, 'config' | 'state' | 'controller'>): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<Visualizer | null>(null);
  const speaker = speakerOf(state);
  const { sound } = controller;
  const { theme } = config.appearance;
  const style = config.callOptions.visualizerStyle;
  useEffect(() => {
    if (canvas.current === null || sound === null) return undefined;
    const variables = getComputedStyle(canvas.current);
    const color = (name: string): string => variables.getPropertyValue(name).trim();
    const visualizer = new Visualizer(canvas.current, sound.userAnalyser, sound.agentAnalyser, {
      style,
      colors: { idle: color('--idle'), user: color('--user'), agent: color('--agent') },
      still: matchMedia('(prefers-reduced-motion: reduce)').matches,
      frameRate: (navigator.hardwareConcurrency || WEAK_CORES) < WEAK_CORES ? 24 : 60,
    });
    drawing.current = visualizer;
    visualizer.start();
    return () => visualizer.stop();
  }, [sound, style, theme]);
  useEffect(() => drawing.current?.setSpeaker(speaker), [speaker, sound]);
  return <canvas ref={canvas} class={`visualizer ${style}`} aria-hidden="true" />;
}

export function QualityBars({ level, texts }: { level: QualityLevel; texts: Texts }): JSX.Element {
  const lit = { good: 3, fair: 2, poor: 1 }[level];
  return (
    <span class={`quality quality-${level}`} title={`${texts.quality}: ${texts[level]}`}>
      <span class="bars" aria-hidden="true">
        {[1, 2, 3].map((bar) => (
          <i key={bar} class={bar <= lit ? 'lit' : ''} />
        ))}
      </span>
      <span class="visually-hidden">{texts.quality}: </span>
      {texts[level]}
    </span>
  );
}

function Controls({ config, texts, state, controller, onEnd, onChat }: LiveProps): JSX.Element {
  const { showMuteButton, endButtonStyle } = config.callOptions;
  const muteLabel = state.muted ? texts.unmute : texts.mute;
  const ending = state.phase === 'ending';
  return (
    <footer class="controls">
      {showMuteButton && (
        <button
          type="button"
          class={`round ${state.muted ? 'is-muted' : 'is-open'}`}
          aria-pressed={state.muted}
          aria-label={texts.mute}
          title={muteLabel}
          disabled={ending}
          onClick={() => controller.mute(!state.muted)}
        >
          <Icon name={state.muted ? 'muted' : 'microphone'} size={24} />
        </button>
      )}
      <button
        type="button"
        class={`end end-${endButtonStyle}`}
        aria-label={texts.endCall}
        title={texts.endCall}
        disabled={ending}
        onClick={onEnd}
      >
        {endButtonStyle !== 'text' && <Icon name="hangUp" size={24} />}
        {endButtonStyle !== 'icon' && <span>{texts.endCall}</span>}
      </button>
      {config.enabledChat && config.features.switchToChat && (
        <button type="button" class="round" aria-label={texts.switchToChat} title={texts.switchToChat} onClick={onChat}>
          <Icon name="chat" size={24} />
        </button>
      )}
    </footer>
  );
}

export function Live(props: LiveProps): JSX.Element {
  const { config, texts, state, controller } = props;
  const { callOptions, features } = config;
  const elapsed = useElapsed(state.startedAt, state.phase !== 'ended');
  const line = statusLine(texts, state, useJustConnected(state.wasConnected));
  return (
    <>
      <div class={`main layout-${callOptions.showLiveTranscript ? callOptions.transcriptStyle : 'none'}`}>
        <div class="voices">
          <div class="meters">
            {callOptions.showDuration && state.startedAt !== null ? (
              <span class="duration" role="timer" aria-label={texts.duration}>
                {clock(elapsed)}
              </span>
            ) : (
              <span />
            )}
            {features.qualityIndicator && state.wasConnected && <QualityBars level={state.quality} texts={texts} />}
          </div>
          <VoicePicture config={config} state={state} controller={controller} />
          <p class={`status status-${line.icon}`}>
            <Icon name={line.icon} /> <span>{line.text}</span>
          </p>
          <p class="fine-print">
            {texts.aiNotice} {config.recordingEnabled && texts.recordingNotice}
          </p>
          {state.microphoneLost && (
            <button type="button" class="button" onClick={() => void controller.retryMicrophone()}>
              {texts.tryAgain}
            </button>
          )}
        </div>
        {callOptions.showLiveTranscript && (
          <Captions
            captions={state.captions}
            texts={texts}
            agentName={config.agentName}
            timestamps={callOptions.showTimestamps}
          />
        )}
      </div>
      <Controls {...props} />
    </>
  );
}
