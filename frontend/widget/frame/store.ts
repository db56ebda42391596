/** Holds the current state and tells views when it changed. */

import { isCallSupported } from '@call/audio-engine/microphone';
import type { WidgetConfig } from '../config.ts';
import { initialState, reduce } from './state.ts';
import type { Action, CallState, Phase } from './state.ts';

export class CallStore {
  state: CallState;
  private readonly listeners = new Set<() => void>();

  constructor(config: WidgetConfig) {
    this.state = firstState(config);
  }

  dispatch(action: Action): void {
    const next = reduce(this.state, action);
    if (next === this.state) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}

/** Without a form the launcher's click was the gesture, and the call starts at once. */
export function firstPhase(config: WidgetConfig): Phase {
  return config.features.requireName || config.features.requireEmail ? 'form' : 'permission';
}

function firstState(config: WidgetConfig): CallState {
  if (!config.enabledCall) return { ...initialState('refused'), refusal: 'unavailable' };
  if (!isCallSupported(globalThis)) return { ...initialState('refused'), refusal: 'browser' };
  return initialState(firstPhase(config));
}
