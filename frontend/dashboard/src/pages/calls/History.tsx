/** Calls with filters; a filter narrows what the server sends, page by page. */

import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { IconFilterOff, IconHistory, IconSearch } from '@tabler/icons-react';
import type { Channel, CallStatus, EndReason } from '@call/client/types.gen';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { List } from '../../parts/List.tsx';
import { Empty } from '../../parts/States.tsx';
import { channelName, endReasonName } from '../../text/names.ts';
import { useCallColumns } from './CallRows.tsx';
import type { Call } from './CallRows.tsx';
import type { SearchProps } from './Search.tsx';

export interface CallQuery {
  since?: string;
  until?: string;
  chatbotId?: string;
  channel?: Channel;
  status?: CallStatus;
  endReason?: EndReason;
  testCall?: boolean;
}

const CHANNELS: Channel[] = ['web', 'twilio', 'whatsapp'];
const REASONS: EndReason[] = [
  'user_ended',
  'silence_timeout',
  'max_duration',
  'ai_ended',
  'connection_lost',
  'provider_unavailable',
  'never_connected',
  'media_lost',
  'error',
];

const Search = lazy(() => import('./Search.tsx'));

export interface HistoryProps {
  chatbots: { id: string; name: string }[];
  companyId?: string;
  read(query: CallQuery & { cursor?: string }): Promise<{ items: Call[]; nextCursor: string | null }>;
  /** Looks through what was said; where there is none, transcripts are not searched. */
  search?(query: CallQuery & { text: string; cursor?: string }): ReturnType<SearchProps['read']>;
}

function Filters({ query, chatbots, set }: { query: CallQuery; chatbots: HistoryProps['chatbots']; set(query: CallQuery): void }) {
  const { t } = useTranslation();
  const statuses: [CallStatus, string][] = [
    ['active', t('Active')],
    ['completed', t('Completed')],
    ['failed', t('Failed')],
    ['abandoned', t('Abandoned')],
    ['pending', t('Pending')],
  ];
  const choose = <Key extends keyof CallQuery>(key: Key) => ({
    value: (query[key] as string | undefined) ?? null,
    onChange: (value: string | null) => set({ ...query, [key]: value ?? undefined }),
    placeholder: t('All'),
    clearable: true,
    clearButtonProps: { 'aria-label': t('Clear') },
    w: { base: 'calc(50% - 8px)', xs: 128 },
  });
  const day = (key: 'since' | 'until') => ({
    type: 'date',
    value: query[key] ?? '',
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => set({ ...query, [key]: event.currentTarget.value || undefined }),
    w: { base: 'calc(50% - 8px)', xs: 140 },
  });
  const active = Object.values(query).some((value) => value !== undefined);
  return (
    <Group component="search" align="flex-end" gap="sm" aria-label={t('Filters')}>
      <TextInput label={t('From')} {...day('since')} />
      <TextInput label={t('To')} {...day('until')} />
      {chatbots.length > 0 && (
        <Select label={t('Chatbot')} data={chatbots.map((bot) => ({ value: bot.id, label: bot.name }))} {...choose('chatbotId')} />
      )}
      <Select label={t('Channel')} data={CHANNELS.map((value) => ({ value, label: channelName(t, value) }))} {...choose('channel')} />
      <Select label={t('Status')} data={statuses.map(([value, label]) => ({ value, label }))} {...choose('status')} />
      <Select label={t('End')} data={REASONS.map((value) => ({ value, label: endReasonName(t, value) }))} {...choose('endReason')} />
      <Select
        label={t('Test calls')}
        data={[
          { value: 'true', label: t('Only test calls') },
          { value: 'false', label: t('No test calls') },
        ]}
        {...choose('testCall')}
        value={query.testCall === undefined ? null : String(query.testCall)}
        onChange={(value) => set({ ...query, testCall: value === null ? undefined : value === 'true' })}
      />
      {active && (
        <Button variant="subtle" color="gray" leftSection={<IconFilterOff size={16} aria-hidden />} onClick={() => set({})}>
          {t('Clear filters')}
        </Button>
      )}
    </Group>
  );
}

function SearchBox({ onSearch }: { onSearch(text: string): void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(text.trim());
      }}
    >
      <Group gap="xs" wrap="nowrap">
        <TextInput
          type="search"
          aria-label={t('Search transcripts')}
          placeholder={t('Search transcripts')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          maxLength={200}
          onChange={(event) => {
            setText(event.currentTarget.value);
            if (event.currentTarget.value === '') onSearch('');
          }}
          style={{ flex: 1, maxWidth: 460 }}
        />
        <Button type="submit" variant="default">
          {t('Search')}
        </Button>
      </Group>
    </form>
  );
}

export function History({ chatbots, companyId, read, search }: HistoryProps) {
  const { t } = useTranslation();
  const [query, setQuery] = useState<CallQuery>({});
  const [text, setText] = useState('');
  const names = new Map(chatbots.map((bot) => [bot.id, bot.name]));
  const columns = useCallColumns(chatbots.length > 0 ? (id) => names.get(id) ?? '–' : undefined, companyId);
  const filtered = Object.values(query).some((value) => value !== undefined);
  return (
    <Stack>
      {search !== undefined && <SearchBox onSearch={setText} />}
      <Filters query={query} chatbots={chatbots} set={setQuery} />
      {search !== undefined && text !== '' ? (
        <Suspense fallback={null}>
        <Search
          queryKey={['call-search', query, text]}
          read={(cursor) => search({ ...query, text, cursor })}
          chatbotName={(id) => names.get(id) ?? ''}
        />
        </Suspense>
      ) : (
        <List
          queryKey={['calls', companyId ?? 'own', query]}
          read={(cursor) => read({ ...query, cursor })}
          columns={columns}
          id={(call) => call.callId}
          caption={t('Calls')}
          loading={t('Loading calls')}
          empty={
            <Empty icon={<IconHistory />} title={filtered ? t('No call matches these filters') : t('No calls yet')}>
              {filtered
                ? t('Choose a longer time or clear a filter. Without a first day the last 90 days are shown.')
                : t('Calls appear here as soon as somebody talks to one of your chatbots.')}
            </Empty>
          }
        />
      )}
    </Stack>
  );
}
