/** A model as the form holds it: complete, with prices as numbers. */

import type { AiModelInput } from '@call/client/types.gen';
import type { Complete } from '../../api/http.ts';

export type ModelDraft = Complete<AiModelInput>;

export const NEW_MODEL: ModelDraft = {
  id: '',
  name: '',
  provider: 'openai',
  modelType: 'call',
  description: '',
  active: true,
  supportsStreaming: true,
  supportsFunctionCalling: true,
  supportsVision: false,
  voices: [],
  capabilities: {
    serverInterruptsOnSpeech: false,
    canTruncate: false,
    canCancel: false,
    resumable: false,
    emitsSpeechEvents: true,
    blockingTools: true,
    speedControl: false,
    pitchControl: false,
    noiseReduction: false,
    semanticVad: false,
    acceptsMulaw: false,
    inputRate: 24000,
    maxConnectionSeconds: 3600,
  },
  prices: {
    version: new Date().toISOString().slice(0, 7),
    textIn: 0,
    textInCached: 0,
    textOut: 0,
    audioIn: 0,
    audioInCached: 0,
    audioOut: 0,
    transcriptionPerMinute: 0,
    estimatedPerMinute: 0,
  },
  maxConversationTokens: 128_000,
  transcriptionModel: null,
  shutdownOn: null,
  successorId: null,
  version: 0,
};

export const NEW_VOICE: ModelDraft['voices'][number] = {
  id: '',
  name: '',
  description: '',
  gender: 'neutral',
  accent: '',
  tones: [],
  sampleUrl: null,
};

/** Empty texts of optional fields mean “none”. */
export function cleaned(draft: ModelDraft): ModelDraft {
  const orNull = (text: string | null): string | null => (text === null || text.trim() === '' ? null : text);
  return {
    ...draft,
    transcriptionModel: orNull(draft.transcriptionModel),
    shutdownOn: orNull(draft.shutdownOn),
    successorId: orNull(draft.successorId),
    voices: draft.modelType === 'chat' ? [] : draft.voices.map((voice) => ({ ...voice, sampleUrl: orNull(voice.sampleUrl) })),
  };
}
