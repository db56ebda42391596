/** Hearing a voice before it is chosen. */

import { previewFleetVoice, previewVoice } from '@call/client/sdk.gen';
import type { PreviewIn } from '@call/client/types.gen';
import { queryOptions } from '@tanstack/react-query';
import { answer } from './http.ts';

export type Sample = ReturnType<typeof sampleOf>;

/** In the words of the package wizard; everywhere else the API's own sentence is spoken. */
export const PACKAGE_SAMPLE = "Hello, I'm your AI assistant. I'm here to help you today.";

/** `fleet` for those who act in no company. */
export function sampleOf(body: PreviewIn, fleet = false) {
  const ask = fleet ? previewFleetVoice : previewVoice;
  return queryOptions({
    queryKey: ['voice-sample', body],
    queryFn: async () => (await answer(ask({ body, parseAs: 'blob' }))) as unknown as Blob,
    staleTime: Infinity,
    retry: false,
  });
}
