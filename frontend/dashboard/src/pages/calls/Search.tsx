/** Calls in which something was said, with the lines it was said in. */

import { Badge, Button, Card, Group, Stack, Text } from '@mantine/core';
import { IconFlask, IconSearchOff } from '@tabler/icons-react';
import type { HitOut } from '@call/client/types.gen';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { QueryKey } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { TextLink } from '../../parts/links.tsx';
import { Empty, Failed, Loading } from '../../parts/States.tsx';
import { When } from '../../parts/When.tsx';
import { clock } from '../../text/format.ts';
import { channelName } from '../../text/names.ts';

export interface SearchProps {
  queryKey: QueryKey;
  read(cursor: string | undefined): Promise<{ items: HitOut[]; nextCursor?: string | null }>;
  chatbotName(id: string): string;
}

function Hit({ hit, chatbotName }: { hit: HitOut; chatbotName(id: string): string }) {
  const { t } = useTranslation();
  const { call } = hit;
  return (
    <Card component="article" padding="md">
      <Stack gap={6}>
        <Group gap="sm">
          <TextLink to="/calls/$callId" params={{ callId: call.callId }} fw={600}>
            <When iso={call.createdAt} />
          </TextLink>
          <Text size="sm">{chatbotName(call.chatbotId)}</Text>
          <Text size="sm" c="dimmed">
            {channelName(t, call.channel)} · {call.caller ?? t('Web visitor')}
            {call.durationMs !== null && ` · ${clock(call.durationMs / 1000)}`}
          </Text>
          {call.testCall && (
            <Badge color="violet" leftSection={<IconFlask size={13} aria-hidden />}>
              {t('test call')}
            </Badge>
          )}
        </Group>
        {hit.lines.map((line) => (
          <Text size="sm" key={line.segmentId}>
            <Text span size="xs" c="dimmed" mr={8}>
              {clock(line.startMs / 1000)}
            </Text>
            <Text span fw={650} mr={6} c={line.role === 'user' ? 'var(--caller)' : 'var(--agent)'}>
              {line.role === 'user' ? t('Caller') : t('Agent')}
            </Text>
            {line.parts.map((part, at) => (part.match ? <mark key={at}>{part.text}</mark> : part.text))}
          </Text>
        ))}
      </Stack>
    </Card>
  );
}

export default function Search({ queryKey, read, chatbotName }: SearchProps) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
  if (query.isPending) return <Loading what={t('Searching the transcripts')} />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const hits = query.data.pages.flatMap((page) => page.items);
  return (
    <Stack gap="sm" role="region" aria-label={t('Found calls')}>
      {hits.length === 0 && !query.hasNextPage && (
        <Empty icon={<IconSearchOff />} title={t('Nobody said this')}>
          {t('Every word must occur in the call. Try fewer or shorter words, or clear a filter.')}
        </Empty>
      )}
      {hits.map((hit) => (
        <Hit key={hit.call.callId} hit={hit} chatbotName={chatbotName} />
      ))}
      {query.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('Show more')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
