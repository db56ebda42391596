/** A minimised call: timer, the way back, and the way out. */

import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Texts } from '../../locales/en.ts';
import { clock } from '../wording.ts';
import { Icon } from './icons.tsx';

interface PillProps {
  texts: Texts;
  seconds: number;
  onOpen(): void;
  onEnd(): void;
}

export function Pill({ texts, seconds, onOpen, onEnd }: PillProps): JSX.Element {
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus(), []);
  return (
    <main class="pill">
      <button ref={back} type="button" class="pill-open" onClick={onOpen} aria-label={`${texts.backToCall}, ${clock(seconds)}`}>
        <Icon name="expand" /> <span class="duration">{clock(seconds)}</span>
      </button>
      <button type="button" class="round end-icon" onClick={onEnd} aria-label={texts.endCall} title={texts.endCall}>
        <Icon name="hangUp" size={22} />
      </button>
    </main>
  );
}
