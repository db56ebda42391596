/** The page around the frame: messages to and from the loader, or nobody when the frame is opened by itself. */

import { unwrap, wrap } from '../envelope.ts';
import type { ToFrame, ToLoader } from '../envelope.ts';

export interface Host {
  readonly standalone: boolean;
  post(message: ToLoader): void;
  listen(receive: (message: ToFrame) => void): void;
}

/** `parentOrigin` is the loader's claim; a message addressed to a false one is simply not delivered. */
export function connectHost(page: Window, parentOrigin: string | null): Host {
  const standalone = page.parent === page || parentOrigin === null;
  return {
    standalone,
    post(message) {
      if (!standalone) page.parent.postMessage(wrap(message), parentOrigin);
    },
    listen(receive) {
      page.addEventListener('message', (event: MessageEvent) => {
        if (standalone || event.source !== page.parent || event.origin !== parentOrigin) return;
        const message = unwrap<ToFrame>(event.data);
        if (message !== null) receive(message);
      });
    },
  };
}
