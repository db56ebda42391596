/** Call settings as the page holds them, the texts people hear, and the tools there are. */

import type { CallSettings } from '@call/client/types.gen';
import type { Complete } from '../../../api/http.ts';
import type { AiModel } from '../../../api/queries.ts';
import type { Editor } from '../../../forms/editor.ts';
import { mark } from '../../../text/i18n.ts';

export type Settings = Complete<CallSettings>;
export type SettingsForm = Editor<Settings>['form'];

export const GREETING = 'Hello! Thank you for calling. How can I assist you today?';

/** For a chatbot without a package's proposal: everything at its default, model and voice still to choose. */
export const DEFAULTS: Settings = {
  aiModelId: '',
  voice: { voiceId: '', pitchPercent: 0, speed: 1, stability: 0.5 },
  instructions: '',
  greeting: GREETING,
  disclosure: { enabled: true, text: 'You are speaking with an AI assistant.', offReason: null },
  maxDurationMinutes: 10,
  silenceTimeoutSeconds: 180,
  endPhrase: 'goodbye',
  endPhraseMatch: 'anywhere',
  recording: { enabled: false, announce: true, storage: 'platform', retentionDays: 90 },
  transcription: { enabled: true, includeConfidence: false, postCallSummary: false, language: null },
  interruption: { allowed: true, debounceMs: 100, ignoredBackchannels: [] },
  vad: { sensitivity: 0.5, prefixPaddingMs: 300, silenceDurationMs: 700, semantic: false, eagerness: 'auto' },
  audio: { echoCancellation: true, noiseSuppression: true, noiseSuppressionLevel: 'medium' },
  tools: { enabled: true, allowed: [] },
  fallback: 'reject',
  fallbackModelId: null,
  scenario: null,
};

/** Empty texts of optional fields mean “none”. */
export function cleaned(settings: Settings): Settings {
  const orNull = (text: string | null): string | null => (text === null || text.trim() === '' ? null : text);
  return {
    ...settings,
    disclosure: { ...settings.disclosure, offReason: orNull(settings.disclosure.offReason) },
    transcription: { ...settings.transcription, language: orNull(settings.transcription.language) },
    fallbackModelId: orNull(settings.fallbackModelId),
    scenario: orNull(settings.scenario),
  };
}

export const TOOLS = [
  { name: 'search_knowledge_base', about: mark('Looks a question up in your knowledge base'), parameters: 'query' },
  { name: 'save_customer_info', about: mark('Stores what callers tell about themselves'), parameters: 'name, email, phone' },
  { name: 'check_order_status', about: mark('Looks an order up by its number'), parameters: 'order_number' },
  { name: 'schedule_callback', about: mark('Has a human call back'), parameters: 'phone_number, preferred_time' },
  { name: 'transfer_to_human', about: mark('Hands the caller over to a human'), parameters: 'reason, department' },
  { name: 'end_call', about: mark('Ends the call after saying goodbye'), parameters: 'reason' },
] as const;

export const TEMPLATES = [
  {
    name: mark('Customer Support'),
    text: "Hi there! Thanks for calling [Company]. I'm [Agent Name], your AI assistant. How can I help you today?",
  },
  {
    name: mark('Sales'),
    text: "Hello! Thank you for your interest in [Company]. I'm here to answer your questions and help you find the perfect solution. What brings you to us today?",
  },
  {
    name: mark('Technical Support'),
    text: "Hi! You've reached [Company] technical support. I'm [Agent Name], and I'm here to help resolve any issues you're experiencing. What can I help you with?",
  },
] as const;

export function fillTemplate(text: string, company: string, agent: string): string {
  return text.replaceAll('[Company]', company).replaceAll('[Agent Name]', agent);
}

/** Which of the optional modifiers of the voice the model understands. */
export function modifiers(model: AiModel | undefined): { pitch: boolean; speed: boolean; any: boolean } {
  const pitch = model?.capabilities.pitchControl === true;
  const speed = model?.capabilities.speedControl === true;
  return { pitch, speed, any: pitch || speed };
}

export function sensitivityText(value: number): string {
  if (value < 0.35) return mark('Low sensitivity (less sensitive, requires clearer speech)');
  if (value < 0.65) return mark('Medium sensitivity (balanced, recommended)');
  return mark('High sensitivity (more sensitive, may pick up background noise)');
}

/** Days until a model is shut down by its provider; null if no date is known. */
export function daysLeft(model: AiModel, now: number): number | null {
  return model.shutdownOn === null ? null : Math.ceil((Date.parse(model.shutdownOn) - now) / 86_400_000);
}
