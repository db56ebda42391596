/**
 * The live transcript.
 *
 * Final captions live in a log that screen readers announce; the sentence still being spoken is shown below it and
 * hidden from them, so that nothing is read out twice.
 */

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Texts } from '../../locales/en.ts';
import type { Caption } from '../state.ts';
import { clock } from '../wording.ts';
import { Icon } from './icons.tsx';

interface CaptionsProps {
  captions: readonly Caption[];
  texts: Texts;
  agentName: string;
  timestamps: boolean;
}

interface LineProps extends Omit<CaptionsProps, 'captions'> {
  caption: Caption;
}

const NEAR_END_PX = 24;
const SWIPE_PX = 40;

function Line({ caption, texts, agentName, timestamps }: LineProps): JSX.Element {
  const own = caption.role === 'user';
  return (
    <div class={`caption ${own ? 'own' : 'other'} ${caption.final ? '' : 'partial'}`}>
      <span class="speaker">
        {own ? texts.you : agentName || texts.agent}
        {timestamps && <time> {clock(caption.startMs / 1000)}</time>}
      </span>
      <span class="said" dir="auto">
        {caption.text}
        {caption.interrupted && <span class="cut"> — {texts.interrupted}</span>}
      </span>
    </div>
  );
}

export function Captions(props: CaptionsProps): JSX.Element {
  const { captions, texts } = props;
  const list = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [open, setOpen] = useState(true);
  const touchedAt = useRef<number | null>(null);
  // Before paint and after every render: text above may change its height too, and a scroll event in between would
  // be taken for the reader's wish to look back.
  useLayoutEffect(() => {
    const box = list.current;
    if (box !== null && follows.current) box.scrollTop = box.scrollHeight;
  });
  const scrolled = (): void => {
    const box = list.current;
    if (box !== null) follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
  };
  const released = (event: TouchEvent): void => {
    const from = touchedAt.current;
    const to = event.changedTouches[0]?.clientY;
    touchedAt.current = null;
    if (from !== null && to !== undefined && Math.abs(to - from) > SWIPE_PX) setOpen(to < from);
  };
  const finals = captions.filter((caption) => caption.final);
  const partials = captions.filter((caption) => !caption.final);
  return (
    <div class={`transcript ${open ? 'open' : 'shut'}`}>
      <div
        class="transcript-bar"
        onTouchStart={(event) => (touchedAt.current = event.touches[0]?.clientY ?? null)}
        onTouchEnd={released}
      >
        <h2>{texts.transcript}</h2>
        <button
          type="button"
          class="icon-button small"
          aria-expanded={open}
          aria-label={open ? texts.hideTranscript : texts.showTranscript}
          title={open ? texts.hideTranscript : texts.showTranscript}
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? 'down' : 'up'} />
        </button>
      </div>
      <div class="captions" ref={list} hidden={!open} onScroll={scrolled} tabIndex={0} aria-label={texts.transcript} role="region">
        {captions.length === 0 && <p class="empty">{texts.transcriptEmpty}</p>}
        <div role="log" aria-live="polite" aria-relevant="additions">
          {finals.map((caption) => (
            <Line key={caption.id} {...props} caption={caption} />
          ))}
        </div>
        <div aria-hidden="true">
          {partials.map((caption) => (
            <Line key={caption.id} {...props} caption={caption} />
          ))}
        </div>
      </div>
    </div>
  );
}
