/** A screen for everything that went wrong: what, why, what to do, and a button to do it. */

import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Texts } from '../../locales/en.ts';
import { Icon } from './icons.tsx';

export interface ProblemProps {
  title: string;
  text: string;
  how?: string | undefined;
  texts: Texts;
  /** Inside the call's window, or alone before there is one. */
  inDialog?: boolean;
  standalone?: boolean;
  retryLabel?: string;
  onRetry: (() => void) | null;
  onChat?: (() => void) | null;
  onClose: (() => void) | null;
}

export function Problem(props: ProblemProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [props.title]);
  const content = (
    <div class="message" role="alert">
      <span class="badge badge-warning">
        <Icon name="warning" size={28} />
      </span>
      <h2 ref={heading} tabIndex={-1} data-autofocus>
        {props.title}
      </h2>
      <p>{props.text}</p>
      {props.how && <p class="how">{props.how}</p>}
      <div class="actions">
        {props.onRetry && (
          <button type="button" class="button primary" onClick={props.onRetry}>
            {props.retryLabel ?? props.texts.tryAgain}
          </button>
        )}
        {props.onChat && (
          <button type="button" class="button" onClick={props.onChat}>
            {props.texts.startChat}
          </button>
        )}
        {props.onClose && !props.standalone && (
          <button type="button" class="button" onClick={props.onClose}>
            {props.texts.close}
          </button>
        )}
      </div>
    </div>
  );
  if (props.inDialog) return content;
  return (
    <div class="stage stage-modal">
      <div class="dialog plain" role="dialog" aria-modal="true" aria-label={props.title}>
        {content}
      </div>
    </div>
  );
}
