/** Carrier accounts as the pages hold them. */

import type { TFunction } from 'i18next';
import { listIntegrationAccounts } from '@call/client/sdk.gen';
import type { AccountOut, TwilioInWritable, WhatsAppInWritable } from '@call/client/types.gen';
import { zTwilioInWritable, zWhatsAppInWritable } from '@call/client/zod.gen';
import { queryOptions } from '@tanstack/react-query';
import { answer } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { problems } from '../../forms/validate.ts';

export type Account = Complete<AccountOut>;
export type Kind = Account['kind'];

export const accountsQuery = queryOptions({
  queryKey: ['integration-accounts'],
  queryFn: async () => (await answer(listIntegrationAccounts())).items as Account[],
});

/** Both kinds in one form; what a kind does not have stays empty. */
export interface AccountDraft {
  kind: Kind;
  name: string;
  description: string;
  chatbotId: string | null;
  outboundEnabled: boolean;
  phoneNumber: string;
  accountSid: string;
  authToken: string;
  businessAccountId: string;
  phoneNumberId: string;
  appId: string;
  accessToken: string;
  appSecret: string;
  sendTranscript: boolean;
  sendSurvey: boolean;
}

export function newDraft(kind: Kind): AccountDraft {
  return {
    kind,
    name: '',
    description: '',
    chatbotId: null,
    outboundEnabled: false,
    phoneNumber: '',
    accountSid: '',
    authToken: '',
    businessAccountId: '',
    phoneNumberId: '',
    appId: '',
    accessToken: '',
    appSecret: '',
    sendTranscript: false,
    sendSurvey: false,
  };
}

export function draftOf(account: Account): AccountDraft {
  return {
    ...newDraft(account.kind),
    name: account.name,
    description: account.description,
    chatbotId: account.chatbotId,
    outboundEnabled: account.outboundEnabled,
    phoneNumber: account.phoneNumber ?? '',
    accountSid: account.accountSid ?? '',
    businessAccountId: account.businessAccountId ?? '',
    phoneNumberId: account.phoneNumberId ?? '',
    appId: account.appId ?? '',
    sendTranscript: account.sendTranscript ?? false,
    sendSurvey: account.sendSurvey ?? false,
  };
}

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

/** Secrets that were left empty are left out: what is stored stays. */
export function bodyOf(draft: AccountDraft): ({ kind: 'twilio' } & TwilioInWritable) | ({ kind: 'whatsapp' } & WhatsAppInWritable) {
  const { name, description, chatbotId, outboundEnabled, phoneNumber } = draft;
  const common = { name: name.trim(), description, chatbotId, outboundEnabled, phoneNumber };
  if (draft.kind === 'twilio') return { ...common, kind: 'twilio', accountSid: draft.accountSid.trim(), authToken: orNull(draft.authToken) };
  return {
    ...common,
    kind: 'whatsapp',
    businessAccountId: draft.businessAccountId.trim(),
    phoneNumberId: draft.phoneNumberId.trim(),
    appId: orNull(draft.appId),
    accessToken: orNull(draft.accessToken),
    appSecret: orNull(draft.appSecret),
    sendTranscript: draft.sendTranscript,
    sendSurvey: draft.sendSurvey,
  };
}

const SECRETS: Record<Kind, readonly (keyof AccountDraft)[]> = { twilio: ['authToken'], whatsapp: ['accessToken', 'appSecret'] };

export function draftProblems(t: TFunction, draft: AccountDraft, isNew: boolean): Record<string, string> {
  const found = problems(t, draft.kind === 'twilio' ? zTwilioInWritable : zWhatsAppInWritable, bodyOf(draft));
  const missing = isNew ? SECRETS[draft.kind].filter((field) => draft[field] === '') : [];
  return { ...found, ...Object.fromEntries(missing.map((field) => [field, t('This is required.')])) };
}

/** Everything a carrier is asked about: when it changes, the account has to be tested again. */
export function credentialsOf(draft: AccountDraft): string {
  const asked = bodyOf({ ...draft, name: '', description: '', chatbotId: null, outboundEnabled: false, sendTranscript: false, sendSurvey: false });
  return JSON.stringify(asked);
}

export function kindName(t: TFunction, kind: Kind): string {
  return kind === 'twilio' ? 'Twilio' : t('WhatsApp Business');
}

/** “+1555XXX4567” is easier to read with the hidden part set apart. */
export function spaced(masked: string): string {
  return masked.replace(/X+/, (hidden) => ` ${hidden} `).trim();
}
