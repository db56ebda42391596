/** A real call to one's own phone (or WhatsApp number): asked for, watched while it lasts, and judged afterwards. */

import { Alert, Button, Group, Loader, Modal, Select, Stack, Text, Textarea } from '@mantine/core';
import { IconAlertTriangle, IconPhoneOutgoing } from '@tabler/icons-react';
import { getTestCall, judgeTestCall, makeTestCall } from '@call/client/sdk.gen';
import type { TrialCallOut } from '@call/client/types.gen';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, once } from '../../api/http.ts';
import { ButtonLink } from '../../parts/links.tsx';
import { PhoneField } from '../../parts/PhoneField.tsx';
import type { Account } from './accounts.ts';

const POLL_MS = 1_000;

export const isOver = (call: TrialCallOut): boolean => call.state === 'refused' || call.endedAt !== null || call.outcome !== null;

export function standOf(t: TFunction, call: TrialCallOut): string {
  if (call.state === 'refused') return call.detail || t('The call was refused.');
  if (call.outcome !== null && call.outcome !== 'completed') {
    return { canceled: t('The call was canceled.'), failed: t('The call failed.'), no_answer: t('Nobody answered.'), busy: t('The line was busy.') }[call.outcome];
  }
  if (isOver(call)) return t('The call is over.');
  if (call.state === 'waiting') return t('WhatsApp asks you for permission to be called. Accept it on your phone.');
  if (call.state === 'uncertain') return t('The carrier did not say whether it is calling.');
  if (call.answeredAt !== null || call.phase === 'in_progress') return t('Connected. Talk to your chatbot.');
  if (call.phase === 'ringing') return t('Your phone is ringing.');
  return t('Calling …');
}

function Verdict({ accountId, testCallId }: { accountId: string; testCallId: string }) {
  const { t } = useTranslation();
  const [reporting, setReporting] = useState(false);
  const [comment, setComment] = useState('');
  const judge = useMutation({
    mutationFn: (successful: boolean) => answer(judgeTestCall({ path: { account_id: accountId, test_call_id: testCallId }, body: { successful, comment } })),
  });
  if (judge.isSuccess) return <Text size="sm" role="status">{t('Thank you. Your answer is kept in the audit log.')}</Text>;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {t('Test call successful?')}
        </Text>
        <Button size="xs" variant="default" loading={judge.isPending && !reporting} onClick={() => judge.mutate(true)}>
          {t('Yes')}
        </Button>
        <Button size="xs" variant="default" aria-expanded={reporting} onClick={() => setReporting(true)}>
          {t('No - Report Issue')}
        </Button>
      </Group>
      {reporting && (
        <>
          <Textarea label={t('What went wrong?')} maxLength={300} rows={3} value={comment} onChange={(event) => setComment(event.currentTarget.value)} />
          <div>
            <Button size="xs" loading={judge.isPending} onClick={() => judge.mutate(false)}>
              {t('Report Issue')}
            </Button>
          </div>
        </>
      )}
      {judge.isError && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {judge.error instanceof ApiError ? judge.error.message : t('Something went wrong')}
        </Text>
      )}
    </Stack>
  );
}

function Progress({ accountId, first, onAgain }: { accountId: string; first: TrialCallOut; onAgain(): void }) {
  const { t } = useTranslation();
  const path = { account_id: accountId, test_call_id: first.testCallId };
  const query = useQuery({
    queryKey: ['test-call', first.testCallId],
    queryFn: () => answer(getTestCall({ path })),
    initialData: first as TrialCallOut & { detail: string },
    refetchInterval: (found) => (found.state.data !== undefined && isOver(found.state.data) ? false : POLL_MS),
  });
  const call = query.data as TrialCallOut;
  const over = isOver(call);
  const talked = call.answeredAt !== null;
  return (
    <Stack>
      <Group gap="sm" wrap="nowrap">
        {!over && <Loader size="sm" type="dots" aria-hidden />}
        <Text role="status">{standOf(t, call)}</Text>
      </Group>
      {over && talked && <Verdict accountId={accountId} testCallId={call.testCallId} />}
      <Group gap="xs">
        {call.callId !== null && (
          <ButtonLink to="/calls/$callId" params={{ callId: call.callId }} variant="default" size="sm">
            {t('Open the call')}
          </ButtonLink>
        )}
        {over && (
          <Button size="sm" variant="subtle" onClick={onAgain}>
            {t('Make another test call')}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

export interface TestCallProps {
  account: Account;
  /** Which chatbot speaks; on the account's own page it is chosen. */
  chatbotId?: string;
  chatbots?: { value: string; label: string }[];
  onClose(): void;
}

export function TestCall({ account, chatbotId, chatbots, onClose }: TestCallProps) {
  const { t } = useTranslation();
  const [to, setTo] = useState('');
  const [chosen, setChosen] = useState<string | null>(chatbotId ?? account.chatbotId ?? chatbots?.[0]?.value ?? null);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const call = useMutation({
    mutationFn: () => answer(makeTestCall({ path: { account_id: account.accountId }, body: { to, chatbotId: chosen }, headers: once(key) })),
    onSettled: () => setKey(crypto.randomUUID()),
  });
  const refused = call.error instanceof ApiError ? call.error : null;
  const phone = account.kind === 'twilio';
  return (
    <Modal opened onClose={onClose} size="lg" title={phone ? t('Make Test Call') : t('Test Call')}>
      {call.isSuccess ? (
        <Progress accountId={account.accountId} first={call.data as TrialCallOut} onAgain={call.reset} />
      ) : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            call.mutate();
          }}
        >
          <Stack>
            <Text size="sm">{phone ? t('Enter your phone number to receive a test call') : t("We'll call your WhatsApp number to test the integration")}</Text>
            <PhoneField label={t('Enter your phone number')} value={to} onChange={setTo} error={refused?.fields.to} required />
            {chatbotId === undefined && (chatbots?.length ?? 0) > 0 && <Select label={t('Chatbot')} data={chatbots} value={chosen} onChange={setChosen} allowDeselect={false} />}
            <Text size="xs" c="dimmed">
              {t('A real call with the saved settings: the AI provider and the carrier charge for it.')}
            </Text>
            {refused !== null && refused.fields.to === undefined && (
              <Alert color="red" variant="light" role="alert" icon={<IconAlertTriangle aria-hidden />}>
                {refused.message}
              </Alert>
            )}
            <Button type="submit" disabled={to === ''} loading={call.isPending} leftSection={<IconPhoneOutgoing size={16} aria-hidden />}>
              {t('Initiate Test Call')}
            </Button>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
