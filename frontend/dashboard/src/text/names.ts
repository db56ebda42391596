/** Words for the closed lists of the data. */

import type { TFunction } from 'i18next';
import type { Channel, EndedBy, EndReason, SharedContractsRecordsUserRole as Role } from '@call/client/types.gen';

export function roleName(t: TFunction, role: Role): string {
  return {
    'chatapp.master_admin': t('Master admin'),
    company_admin: t('Company admin'),
    support_agent: t('Support agent'),
  }[role];
}

export function channelName(t: TFunction, channel: Channel): string {
  return { web: t('Web widget'), twilio: t('Phone (Twilio)'), whatsapp: t('WhatsApp') }[channel];
}

export function endReasonName(t: TFunction, reason: EndReason): string {
  return {
    user_ended: t('User ended call'),
    silence_timeout: t('Silence timeout'),
    max_duration: t('Maximum duration reached'),
    ai_ended: t('The AI ended the call'),
    connection_lost: t('Connection lost'),
    provider_unavailable: t('AI provider unavailable'),
    never_connected: t('Never connected'),
    media_lost: t('Interrupted on our side'),
    error: t('Error'),
  }[reason];
}

export function endedByName(t: TFunction, by: EndedBy): string {
  return {
    caller: t('the caller'),
    policy: t('a rule of the chatbot'),
    ai: t('the AI'),
    agent: t('a support agent'),
    provider: t('the AI provider'),
    carrier: t('the carrier'),
    platform: t('the platform'),
  }[by];
}

export const PROVIDERS = {
  openai: 'OpenAI',
  google: 'Google',
  anthropic: 'Anthropic',
  custom: 'Custom',
  simulated: 'Simulated',
} as const;
