/** A package as the wizard holds it, and which step a problem belongs to. */

import type { PackageContent } from '@call/client/types.gen';
import type { Complete } from '../../api/http.ts';

export type PackageDraft = Complete<PackageContent>;
export type AgentDraft = PackageDraft['agents'][number];

export const NEW_PACKAGE: PackageDraft = {
  name: '',
  description: '',
  category: 'Customer Support',
  packageType: 'single_agent',
  enabledChat: true,
  enabledCall: false,
  aiModelId: null,
  voiceId: null,
  greeting: 'Hello! Thank you for calling. How can I assist you today?',
  maxDurationMinutes: 10,
  silenceTimeoutSeconds: 180,
  recording: false,
  transcription: true,
  agents: [newAgent(1)],
  knowledge: { enabled: false, allCategories: true, categories: [] },
  variables: [],
  execution: { sandbox: true, maxSeconds: 30, memoryMb: 256, tools: [] },
};

export function newAgent(number: number): AgentDraft {
  return {
    agentId: `agent-${number}`,
    name: `Agent ${number}`,
    useForChat: true,
    useForCall: true,
    chatPrompt: '',
    callPrompt: '',
    chatModelId: null,
    callModelId: null,
    temperature: 0.7,
    maxTokens: null,
    knowledgeCategories: [],
    routingRule: '',
  };
}

export const STEPS = ['basic', 'capabilities', 'agents', 'model', 'knowledge', 'call', 'variables', 'execution', 'review'] as const;
export type StepId = (typeof STEPS)[number];

const PLACES: readonly [RegExp, StepId][] = [
  [/^(name|description|category|packageType)/, 'basic'],
  [/^(enabledChat|enabledCall)/, 'capabilities'],
  [/^agents/, 'agents'],
  [/^(aiModelId|voiceId)/, 'model'],
  [/^knowledge/, 'knowledge'],
  [/^(greeting|maxDuration|silence|recording|transcription)/, 'call'],
  [/^variables/, 'variables'],
  [/^execution/, 'execution'],
];

export function stepOf(path: string): StepId {
  return PLACES.find(([pattern]) => pattern.test(path))?.[1] ?? 'review';
}

export function stepsWith(paths: readonly string[]): ReadonlySet<StepId> {
  return new Set(paths.map(stepOf));
}
