/** What a carrier told us about an account, newest first. */

import { Badge, Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconCheck, IconDownload } from '@tabler/icons-react';
import { exportWebhookEvents, listWebhookEvents } from '@call/client/sdk.gen';
import type { EventOut } from '@call/client/types.gen';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { saveFile } from '../../parts/saveFile.ts';
import { Rows } from '../../parts/List.tsx';
import type { Column } from '../../parts/List.tsx';
import { Loaded } from '../../parts/States.tsx';
import { dateTime } from '../../text/format.ts';
import type { Account } from './accounts.ts';

type Outcome = EventOut['outcome'];

function useOutcomes(): Record<Outcome, string> {
  const { t } = useTranslation();
  return { success: t('Success'), duplicate: t('Duplicate'), ignored: t('Ignored'), failed: t('Failed'), rejected: t('Rejected (bad signature)') };
}

export function WebhookLog({ account, onClose }: { account: Account; onClose(): void }) {
  const { t, i18n } = useTranslation();
  const [query, setQuery] = useState<{ since?: string; until?: string; outcome?: Outcome }>({});
  const outcomes = useOutcomes();
  const path = { account_id: account.accountId };
  const events = useQuery({ queryKey: ['webhook-events', account.accountId, query], queryFn: async () => (await answer(listWebhookEvents({ path, query }))).items });
  const download = async (): Promise<void> => {
    try {
      const blob = (await answer(exportWebhookEvents({ path, query, parseAs: 'blob' }))) as unknown as Blob;
      saveFile(blob, `webhook-events-${account.accountId}.csv`);
    } catch {
      notifications.show({ color: 'red', message: t('The download did not work.') });
    }
  };
  const good = (outcome: Outcome): boolean => outcome === 'success' || outcome === 'duplicate';
  const columns: Column<EventOut>[] = [
    { title: t('Timestamp'), show: (event) => dateTime(event.at, i18n.language) },
    { title: t('Event type'), show: (event) => <code>{event.kind}</code> },
    {
      title: t('Status'),
      show: (event) => (
        <Badge color={good(event.outcome) ? 'green' : event.outcome === 'ignored' ? 'gray' : 'red'} leftSection={good(event.outcome) ? <IconCheck size={13} aria-hidden /> : <IconAlertTriangle size={13} aria-hidden />}>
          {outcomes[event.outcome]}
        </Badge>
      ),
    },
    { title: t('Response time'), show: (event) => `${event.tookMs} ms`, align: 'right' },
    { title: t('Error details'), show: (event) => event.detail || '–' },
  ];
  const day = (key: 'since' | 'until') => ({
    type: 'date',
    value: query[key] ?? '',
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => setQuery({ ...query, [key]: event.currentTarget.value || undefined }),
  });
  return (
    <Modal opened onClose={onClose} size="xl" title={t('Webhook log of {{name}}', { name: account.name })}>
      <Stack>
        <Group align="flex-end" gap="sm">
          <TextInput label={t('From')} {...day('since')} />
          <TextInput label={t('To')} {...day('until')} />
          <Select
            label={t('Status')}
            placeholder={t('All')}
            clearable
            clearButtonProps={{ 'aria-label': t('Clear') }}
            data={(Object.keys(outcomes) as Outcome[]).map((value) => ({ value, label: outcomes[value] }))}
            value={query.outcome ?? null}
            onChange={(value) => setQuery({ ...query, outcome: (value as Outcome | null) ?? undefined })}
            w={170}
          />
          <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} onClick={() => void download()}>
            {t('Export')}
          </Button>
        </Group>
        <Loaded query={events} what={t('Loading the log')}>
          {(found) =>
            found.length > 0 ? (
              <Rows rows={found} columns={columns} id={(event) => event.eventId} caption={t('Webhook Events')} />
            ) : (
              <Text size="sm" c="dimmed">
                {t('Nothing came from the carrier in this time. If calls should have come, check the webhook configuration.')}
              </Text>
            )
          }
        </Loaded>
      </Stack>
    </Modal>
  );
}
