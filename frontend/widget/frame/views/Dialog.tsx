/** The window of the call: dialog semantics, focus inside, Tab stays in, Escape asks to leave. */

import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';

interface DialogProps {
  label: string;
  /** Modal windows keep the focus; an embedded one lets it go. */
  modal: boolean;
  size: 'modal' | 'full' | 'embedded';
  /** Changes when another screen is shown; the focus then moves to its heading or first control. */
  screen: string;
  className?: string;
  onEscape(): void;
  children: ComponentChildren;
}

const FOCUSABLE = 'button:not([disabled]),input:not([disabled]),textarea:not([disabled]),a[href],[tabindex="0"]';

const isReachable = (one: HTMLElement): boolean => one.offsetParent !== null && one.closest('[inert]') === null;

export function keepFocusInside(event: KeyboardEvent, box: HTMLElement): void {
  const stops = [...box.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(isReachable);
  const first = stops[0];
  const last = stops[stops.length - 1];
  if (first === undefined || last === undefined) return;
  const active = document.activeElement;
  const outside = !(active instanceof HTMLElement) || !box.contains(active);
  if (event.shiftKey ? active === first || active === box || outside : active === last || outside) {
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }
}

export function Dialog(props: DialogProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { screen, onEscape, modal } = props;
  useEffect(() => {
    const wished = [...(box.current?.querySelectorAll<HTMLElement>('[data-autofocus]') ?? [])];
    const target = wished.find((one) => one.closest('[inert]') === null) ?? box.current;
    target?.focus({ preventScroll: true });
  }, [screen]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault();
      onEscape();
    } else if (event.key === 'Tab' && modal && box.current !== null) keepFocusInside(event, box.current);
  };
  return (
    <div class={`stage stage-${props.size}`}>
      <div
        ref={box}
        class={`dialog ${props.className ?? ''}`}
        role="dialog"
        aria-modal={modal}
        aria-label={props.label}
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        {props.children}
      </div>
    </div>
  );
}
