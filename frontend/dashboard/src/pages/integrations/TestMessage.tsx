/** A WhatsApp message to oneself; whoever answers “call me” is called, which shows that both directions work. */

import { Alert, Button, Modal, Stack, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { sendTestMessage } from '@call/client/sdk.gen';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer } from '../../api/http.ts';
import { PhoneField } from '../../parts/PhoneField.tsx';
import type { Account } from './accounts.ts';

export function TestMessage({ account, onClose }: { account: Account; onClose(): void }) {
  const { t } = useTranslation();
  const [to, setTo] = useState('');
  const send = useMutation({ mutationFn: () => answer(sendTestMessage({ path: { account_id: account.accountId }, body: { to } })) });
  const refusal = send.error instanceof ApiError ? (send.error.fields.to ?? send.error.message) : null;
  return (
    <Modal opened onClose={onClose} size="lg" title={t('Send Test Message')}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <Stack>
          <PhoneField label={t('Your WhatsApp number')} value={to} onChange={setTo} error={refusal} required />
          {to !== '' && <Text size="sm">{t("We'll send a test message to {{number}}", { number: to })}</Text>}
          {send.isSuccess && (
            <Alert color="green" variant="light" role="status" icon={<IconCircleCheck aria-hidden />} title={t('Sent')}>
              <Text size="sm">“{send.data.text}”</Text>
              <Text size="sm" mt="xs">
                {t('Reply “call me” and your chatbot calls you: messages and calls work in both directions.')}
              </Text>
            </Alert>
          )}
          <Button type="submit" disabled={to === ''} loading={send.isPending}>
            {t('Send Test Message')}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
