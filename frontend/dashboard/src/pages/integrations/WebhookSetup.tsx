/** How a carrier comes to call us: at a click, or step by step at the carrier's own pages. */

import { Alert, Anchor, Button, Code, Group, List, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconExternalLink, IconWand } from '@tabler/icons-react';
import { getWebhooks, setWebhooks } from '@call/client/sdk.gen';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ApiError, answer } from '../../api/http.ts';
import { OnOff } from '../../parts/Badges.tsx';
import { Copy } from '../../parts/Copy.tsx';
import { Loaded } from '../../parts/States.tsx';
import type { Account, Kind } from './accounts.ts';
import '../../parts/controls.css';

function Value({ label, value, copy }: { label: string; value: string; copy: string }) {
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {label}
      </Text>
      <Group gap="xs" align="center">
        <Code block style={{ flex: '1 1 260px', overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {value}
        </Code>
        <Copy value={value} label={copy} />
      </Group>
    </div>
  );
}

export function useSteps(kind: Kind, number: string): string[] {
  const { t } = useTranslation();
  if (kind === 'twilio') {
    return [
      t('Go to Twilio Console → Phone Numbers → Active Numbers'),
      t('Click on your phone number ({{number}})', { number }),
      t("Scroll to 'Voice Configuration'"),
      t("Under 'A Call Comes In', select 'Webhook'"),
      t('Paste the generated webhook URL'),
      t("Select 'HTTP POST'"),
      t("Click 'Save'"),
    ];
  }
  return [
    t('Go to Meta Business Suite → WhatsApp → Configuration → Webhook'),
    t("Click 'Edit' next to Callback URL"),
    t('Paste the Webhook URL'),
    t('Paste the Verify Token'),
    t("Click 'Verify and Save'"),
    t('Subscribe to webhook fields: messages, message_status'),
    t('Subscribe to the webhook field: calls'),
  ];
}

const TWIML = `<Response>
  <Connect action="https://…/api/webhooks/twilio/connect?accountId=…" method="POST">
    <Stream url="wss://…/api/webhooks/twilio/stream/[accountId]/[ticket]">
      <Parameter name="chatbotId" value="…" />
      <Parameter name="callId" value="…" />
    </Stream>
  </Connect>
</Response>`;

export function WebhookSetup({ account, editor, chatbotId }: { account: Account; editor: boolean; chatbotId?: string }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const key = ['webhooks', account.accountId, chatbotId ?? null];
  const query = useQuery({
    queryKey: key,
    queryFn: () => answer(getWebhooks({ path: { account_id: account.accountId }, query: { chatbotId } })),
  });
  const steps = useSteps(account.kind, account.phoneNumber ?? account.maskedNumber);
  const done =
    account.kind === 'twilio'
      ? t('Twilio sends calls here from now on. The webhook counts as configured once the first one has come.')
      : t('The webhook is set up. Calls arrive here from now on.');
  const atOnce = useMutation({
    mutationFn: () => answer(setWebhooks({ path: { account_id: account.accountId } })),
    onSuccess: async () => {
      notifications.show({ color: 'green', message: done });
      await cache.invalidateQueries({ queryKey: ['webhooks'] });
      await cache.invalidateQueries({ queryKey: ['integration-accounts'] });
      await cache.invalidateQueries({ queryKey: ['channels'] });
    },
  });
  return (
    <Loaded query={query} what={t('Loading the webhook addresses')}>
      {(found) => (
        <Stack>
          <Group gap="xs">
            <Text size="sm">{t('Webhook')}</Text>
            <OnOff on={found.configured} labels={[t('Configured'), t('Not Configured')]} />
          </Group>
          {editor && (
            <Alert variant="light" icon={<IconWand aria-hidden />} title={t('At one click')}>
              <Text size="sm" mb="xs">
                {account.kind === 'twilio' ? t('Twilio is told these addresses with your account’s credentials.') : t('Meta is told this address and subscribed with your account’s credentials, and calling is enabled for the number.')}
              </Text>
              <Button size="xs" loading={atOnce.isPending} onClick={() => atOnce.mutate()}>
                {t('Set up the webhook for me')}
              </Button>
              {atOnce.isError && (
                <Text size="sm" mt="xs" c="var(--mantine-color-error)" role="alert">
                  {atOnce.error instanceof ApiError ? atOnce.error.message : t('Something went wrong')}
                </Text>
              )}
            </Alert>
          )}
          <Title order={3}>{t('By hand')}</Title>
          {account.kind === 'twilio' && <Text size="sm">{t('Copy this URL and configure it in your Twilio Phone Number settings')}</Text>}
          <Value label={t('Webhook URL')} value={found.url} copy={t('Copy URL')} />
          {found.verifyToken !== null && <Value label={t('Verify Token')} value={found.verifyToken} copy={t('Copy token')} />}
          <List type="ordered" size="sm" spacing={4}>
            {steps.map((step) => (
              <List.Item key={step}>{step}</List.Item>
            ))}
          </List>
          {found.statusUrl !== null && (
            <>
              <Value label={t('Status callback URL (optional: “Call Status Changes”)')} value={found.statusUrl} copy={t('Copy status URL')} />
              <details>
                <summary>
                  <Text span size="sm">
                    {t('What Twilio is answered (TwiML)')}
                  </Text>
                </summary>
                <Code block mt={6}>
                  {TWIML}
                </Code>
              </details>
            </>
          )}
          <div>
            <Anchor href={found.consoleUrl} target="_blank" rel="noreferrer" size="sm">
              {account.kind === 'twilio' ? t('Open Twilio Console') : t('Open Meta Business Suite')} <IconExternalLink size={14} aria-hidden />
            </Anchor>
          </div>
        </Stack>
      )}
    </Loaded>
  );
}
