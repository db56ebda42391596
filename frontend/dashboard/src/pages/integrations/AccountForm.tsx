/** A carrier account: filled in, tested, saved; then its webhook is set up. */

import { Alert, Button, Group, Loader, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconInfoCircle } from '@tabler/icons-react';
import { checkIntegrationAccountDraft, createIntegrationAccount, editIntegrationAccount, getIntegrationAccount, listChatbots } from '@call/client/sdk.gen';
import type { CheckOut } from '@call/client/types.gen';
import { zTwilioInWritable } from '@call/client/zod.gen';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, ifMatch, once } from '../../api/http.ts';
import { useEditor } from '../../forms/editor.ts';
import type { Editor } from '../../forms/editor.ts';
import { EditorFrame } from '../../forms/EditorFrame.tsx';
import { LongField, SwitchField, TextField } from '../../forms/Fields.tsx';
import { limitsOf } from '../../forms/limits.ts';
import { Section } from '../../forms/Section.tsx';
import { TextLink } from '../../parts/links.tsx';
import { Page } from '../../parts/Page.tsx';
import { PhoneField } from '../../parts/PhoneField.tsx';
import { SecretField } from '../../parts/SecretField.tsx';
import { Loaded } from '../../parts/States.tsx';
import { accountsQuery, bodyOf, credentialsOf, draftOf, draftProblems, newDraft } from './accounts.ts';
import type { Account, AccountDraft, Kind } from './accounts.ts';
import { WebhookSetup } from './WebhookSetup.tsx';

type Form = Editor<AccountDraft>['form'];

const storedSecret = (account: Account | null, field: string): string | null => account?.secrets.find((secret) => secret.field === field)?.masked ?? null;

function Naming({ form }: { form: Form }) {
  const { t } = useTranslation();
  const twilio = form.values.kind === 'twilio';
  return (
    <Section title={t('Account')}>
      <TextField
        form={form}
        path="name"
        label={t('Account Name')}
        help={t("Give this account a friendly name (e.g., 'Main Twilio Account')")}
        placeholder={twilio ? undefined : t('Support WhatsApp')}
        required
        {...limitsOf(zTwilioInWritable, 'name')}
      />
      <LongField
        form={form}
        path="description"
        label={t('Description')}
        help={t("Add notes about this account (e.g., 'Production account for customer support')")}
        placeholder={twilio ? undefined : t('WhatsApp number for customer support calls')}
        {...limitsOf(zTwilioInWritable, 'description')}
      />
    </Section>
  );
}

function Number({ form, help }: { form: Form; help: string }) {
  const { t } = useTranslation();
  const { value, onChange, error } = form.getInputProps('phoneNumber') as { value: string; onChange(value: string): void; error?: string };
  return <PhoneField label={t('Phone Number')} help={help} value={value} onChange={onChange} error={error} required />;
}

function TwilioFields({ form, account }: { form: Form; account: Account | null }) {
  const { t } = useTranslation();
  return (
    <>
      <TextField form={form} path="accountSid" label={t('Account SID')} help={t('Found in Twilio Console → Account Dashboard')} placeholder="AC…" required spellCheck={false} autoComplete="off" />
      <SecretField form={form} path="authToken" label={t('Auth Token')} help={t('Found in Twilio Console → Account Dashboard')} stored={storedSecret(account, 'auth_token')} />
      <Number form={form} help={t('The Twilio phone number that will receive calls')} />
    </>
  );
}

function WhatsAppFields({ form, account }: { form: Form; account: Account | null }) {
  const { t } = useTranslation();
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextField form={form} path="businessAccountId" label={t('Business Account ID')} help={t('Found in Meta Business Suite → Business Settings')} inputMode="numeric" required />
        <TextField form={form} path="phoneNumberId" label={t('Phone Number ID')} help={t('Found in Meta Business Suite → WhatsApp → API Setup')} inputMode="numeric" required />
      </SimpleGrid>
      <Number form={form} help={t('It must be the number registered with WhatsApp Business.')} />
      <SecretField form={form} path="accessToken" label={t('Access Token')} help={t('System User Access Token from Meta Business Suite')} stored={storedSecret(account, 'access_token')} />
      <Text size="xs" className="warning-text">
        ⚠ {t('Tokens expire. Set up a system user for permanent access.')}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <SecretField form={form} path="appSecret" label={t('App Secret')} help={t('Proves that webhooks really come from Meta.')} stored={storedSecret(account, 'app_secret')} />
        <TextField form={form} path="appId" label={t('App ID')} help={t('Optional. With it the token’s permissions are checked.')} inputMode="numeric" />
      </SimpleGrid>
    </>
  );
}

function Result({ kind, found }: { kind: Kind; found: CheckOut }) {
  const { t } = useTranslation();
  if (!found.ok) {
    return (
      <Alert color="red" variant="light" role="alert" icon={<IconCircleX aria-hidden />} title={found.message}>
        <Text size="sm">
          {kind === 'twilio'
            ? t('Check the SID and the token in the Twilio Console, and that the number is in this account and can take voice calls.')
            : t('Check the token and its permissions, and that both IDs and the number belong to the same WhatsApp Business account.')}{' '}
          <TextLink to="/help/integrations/troubleshooting" size="sm" underline="always">
            {t('Troubleshooting guide')}
          </TextLink>
        </Text>
      </Alert>
    );
  }
  return (
    <Alert color="green" variant="light" role="status" icon={<IconCircleCheck aria-hidden />} title={found.message}>
      {found.warnings.map((warning) => (
        <Text size="sm" key={warning}>
          {warning}
        </Text>
      ))}
    </Alert>
  );
}

interface Tested {
  credentials: string;
  found: CheckOut;
}

function Test({ form, account, tested, onTested }: { form: Form; account: Account | null; tested: Tested | null; onTested(tested: Tested): void }) {
  const { t } = useTranslation();
  const draft = form.values;
  const current = tested?.credentials === credentialsOf(draft) ? tested.found : null;
  const check = useMutation({
    mutationFn: () => answer(checkIntegrationAccountDraft({ body: bodyOf(draft), query: { accountId: account?.accountId } })),
    onSuccess: (found) => onTested({ credentials: credentialsOf(draft), found }),
    onError: (error) => form.setErrors(error instanceof ApiError ? error.fields : {}),
  });
  const run = (): void => {
    const wrong = draftProblems(t, draft, account === null);
    form.setErrors(wrong);
    if (Object.keys(wrong).length === 0) check.mutate();
  };
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Button variant="light" onClick={run} disabled={check.isPending} leftSection={check.isPending ? <Loader size={14} /> : undefined}>
          {draft.kind === 'twilio' ? t('Test Connection') : t('Verify Connection')}
        </Button>
        {check.isPending && (
          <Text size="sm" c="dimmed" role="status">
            {draft.kind === 'twilio' ? t('Asking Twilio …') : t('Asking Meta …')}
          </Text>
        )}
      </Group>
      {check.isError && (
        <Alert color="red" variant="light" role="alert" icon={<IconAlertTriangle aria-hidden />}>
          {check.error instanceof ApiError ? check.error.message : t('Something went wrong')}
        </Alert>
      )}
      {current !== null && !check.isPending && <Result kind={draft.kind} found={current} />}
    </Stack>
  );
}

function Answering({ form }: { form: Form }) {
  const { t } = useTranslation();
  const bots = useQuery({ queryKey: ['chatbots', 'first'], queryFn: () => answer(listChatbots({ query: { limit: 100 } })) });
  const options = (bots.data?.items ?? []).filter((bot) => bot.enabledCall).map((bot) => ({ value: bot.chatbotId, label: bot.name }));
  return (
    <Section title={t('Calls')}>
      <Select
        label={t('Chatbot that answers')}
        description={t('Can be chosen later, on the Integrations tab of a chatbot.')}
        placeholder={t('None yet')}
        data={options}
        clearable
        clearButtonProps={{ 'aria-label': t('Clear') }}
        {...form.getInputProps('chatbotId')}
      />
      <SwitchField form={form} path="outboundEnabled" label={t('Enable outbound calls')} help={t('Lets chatbots call people from this number. Test calls are always possible.')} />
      {form.values.kind === 'whatsapp' && (
        <>
          <SwitchField form={form} path="sendTranscript" label={t('Send the transcript after a call')} help={t('The caller gets it as a WhatsApp message, if the call was transcribed.')} />
          <SwitchField form={form} path="sendSurvey" label={t('Ask how the call was')} help={t('The caller is asked by a WhatsApp message and chooses one to five stars.')} />
        </>
      )}
    </Section>
  );
}

function AccountForm({ kind, account }: { kind: Kind; account: Account | null }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [key] = useState(() => crypto.randomUUID());
  const [tested, setTested] = useState<Tested | null>(null);
  const path = { account_id: account?.accountId ?? '' };
  const versioned = (stored: Account) => ({ value: draftOf(stored), version: stored.version });
  const editor = useEditor<AccountDraft>({
    initial: account === null ? { value: newDraft(kind), version: 0 } : versioned(account),
    saved: kind === 'twilio' ? t('Twilio account configured successfully') : t('WhatsApp account configured successfully'),
    validate: (values) => draftProblems(t, values, account === null),
    reload: async () => versioned(await answer(getIntegrationAccount({ path }))),
    save: async (value, version) => {
      const body = bodyOf(value);
      const stored = await answer(account === null ? createIntegrationAccount({ body, headers: once(key) }) : editIntegrationAccount({ path, body, headers: ifMatch(version) }));
      cache.setQueryData(['integration-account', stored.accountId], stored);
      await cache.invalidateQueries({ queryKey: accountsQuery.queryKey });
      if (account === null) await navigate({ to: '/integrations/$accountId', params: { accountId: stored.accountId }, ignoreBlocker: true });
      return versioned(stored);
    },
  });
  const { form } = editor;
  const unchanged = account !== null && credentialsOf(form.values) === credentialsOf(draftOf(account));
  const passed = unchanged || (tested?.found.ok === true && tested.credentials === credentialsOf(form.values));
  return (
    <EditorFrame
      editor={editor}
      save={t('Save Integration Account')}
      ready={passed}
      note={account === null ? t('Fill in the credentials, test them, then save.') : undefined}
    >
      <Alert variant="light" icon={<IconInfoCircle aria-hidden />}>
        {kind === 'twilio' ? t("You'll need your Twilio Account SID and Auth Token. Find these in your Twilio Console.") : t('Requires Meta Business Account and WhatsApp Business API access')}
      </Alert>
      <Naming form={form} />
      <Section title={t('Credentials')} description={t('Stored encrypted and never shown again.')}>
        {kind === 'twilio' ? <TwilioFields form={form} account={account} /> : <WhatsAppFields form={form} account={account} />}
        <Test form={form} account={account} tested={tested} onTested={setTested} />
        {!passed && (
          <Text size="sm" c="dimmed">
            {t('The account can be saved once the test has passed.')}
          </Text>
        )}
      </Section>
      <Answering form={form} />
      {account === null ? (
        <Text size="sm" c="dimmed">
          {t('The webhook addresses are made when the account is saved; the next page shows them.')}
        </Text>
      ) : (
        <Section
          title={t('Webhook Configuration')}
          description={kind === 'twilio' ? t('Without it Twilio does not know where to send calls.') : t('The webhook must be set in Meta for calls to work.')}
        >
          <WebhookSetup account={account} editor />
        </Section>
      )}
    </EditorFrame>
  );
}

export function NewAccount() {
  const { t } = useTranslation();
  const { kind } = useParams({ from: '/app/integrations/new/$kind' });
  const chosen: Kind = kind === 'whatsapp' ? 'whatsapp' : 'twilio';
  const title = chosen === 'twilio' ? t('Configure Twilio Integration') : t('Configure WhatsApp Business Integration');
  return (
    <Page title={title} trail={<TextLink to="/integrations">{t('Integration Accounts')}</TextLink>}>
      <AccountForm key={chosen} kind={chosen} account={null} />
    </Page>
  );
}

export function EditAccount() {
  const { t } = useTranslation();
  const { accountId } = useParams({ from: '/app/integrations/$accountId' });
  const account = useQuery({
    queryKey: ['integration-account', accountId],
    queryFn: async () => (await answer(getIntegrationAccount({ path: { account_id: accountId } }))) as Account,
  });
  return (
    <Page title={account.data?.name ?? t('Integration account')} trail={<TextLink to="/integrations">{t('Integration Accounts')}</TextLink>}>
      <Loaded query={account} what={t('Loading the account')}>
        {(found) => <AccountForm key={found.accountId} kind={found.kind} account={found} />}
      </Loaded>
    </Page>
  );
}
