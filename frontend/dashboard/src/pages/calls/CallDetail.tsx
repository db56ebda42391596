/** One call: facts, recording, and the transcript that follows it. */

import { Alert, Badge, Card, Grid, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import type { CallDetailOut, RecordingOut } from '@call/client/types.gen';
import { useQuery } from '@tanstack/react-query';
import type { QueryKey } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { CallState } from '../../parts/Badges.tsx';
import { Page } from '../../parts/Page.tsx';
import { Loaded, Loading } from '../../parts/States.tsx';
import { clock, dateTime, money } from '../../text/format.ts';
import { channelName, endedByName, endReasonName } from '../../text/names.ts';
import { Player } from './Player.tsx';
import { Transcript } from './Transcript.tsx';
import { lineOf } from './lines.ts';
import type { Segment } from './lines.ts';
import { Summary } from './Summary.tsx';
import '../../parts/controls.css';

export type Detail = Complete<CallDetailOut>;
export type Recording = Complete<RecordingOut>;

export interface CallDetailProps {
  callId: string;
  trail: ReactNode;
  queryKey: QueryKey;
  read(): Promise<Detail>;
  lines(): Promise<Segment[]>;
  transcriptPath: string;
  recording(): Promise<Recording>;
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </div>
  );
}

function Facts({ detail }: { detail: Detail }) {
  const { t, i18n } = useTranslation();
  const { call } = detail;
  const end = call.endReason === null ? '–' : endReasonName(t, call.endReason);
  return (
    <Card component="section" aria-label={t('Facts')}>
      <Stack>
        <Title order={2}>{t('Facts')}</Title>
        <SimpleGrid cols={{ base: 2, md: 1, lg: 2 }} spacing="sm">
          <Fact label={t('Status')}>
            <CallState status={call.status} />
          </Fact>
          <Fact label={t('End')}>{call.endedBy === null ? end : t('{{reason}} (by {{who}})', { reason: end, who: endedByName(t, call.endedBy) })}</Fact>
          <Fact label={t('Started')}>{dateTime(call.startedAt ?? call.createdAt, i18n.language)}</Fact>
          <Fact label={t('Duration')}>{call.durationMs === null ? '–' : clock(call.durationMs / 1000)}</Fact>
          <Fact label={t('Channel')}>{channelName(t, call.channel)}</Fact>
          <Fact label={t('Caller')}>{detail.customerName ?? call.caller ?? t('Web visitor')}</Fact>
          {detail.customerEmail !== null && <Fact label={t('Email address')}>{detail.customerEmail}</Fact>}
          <Fact label={t('Interruptions')}>{call.interruptionCount}</Fact>
          <Fact label={t('Cost')}>{call.costUsd === null ? t('Not known yet') : money(call.costUsd, i18n.language)}</Fact>
          <Fact label={t('AI model')}>{detail.modelName}</Fact>
          <Fact label={t('Voice')}>{detail.voiceId}</Fact>
          <Fact label={t('Settings version')}>{detail.settingsVersion}</Fact>
          <Fact label={t('Rating')}>{detail.stars === null ? '–' : t('{{stars}} of 5 stars', { stars: detail.stars })}</Fact>
        </SimpleGrid>
        {detail.comment !== null && detail.comment !== '' && <Fact label={t('Comment')}>{detail.comment}</Fact>}
      </Stack>
    </Card>
  );
}

const RECENT_MS = 10 * 60_000;
const recent = (detail: Detail): boolean => Date.now() - Date.parse(detail.call.endedAt ?? detail.call.createdAt) < RECENT_MS;

/** Opening a transcript or recording is logged with the person's name. */
function Contents({ detail, lines: read, transcriptPath, recording }: { detail: Detail } & Pick<CallDetailProps, 'lines' | 'transcriptPath' | 'recording'>) {
  const { t } = useTranslation();
  const [position, setPosition] = useState(0);
  const [wanted, setWanted] = useState<{ seconds: number } | null>(null);
  const seek = useCallback((seconds: number) => setWanted({ seconds }), []);
  const lines = useQuery({
    queryKey: ['transcript', transcriptPath],
    queryFn: async () => (await read()).map(lineOf),
    // While the call goes on there is more to come.
    refetchInterval: detail.call.endedAt === null ? 3_000 : false,
  });
  const sound = useQuery({
    queryKey: ['recording', transcriptPath],
    // A call without one answers 404, which is no failure here.
    queryFn: () => recording().catch((error: unknown) => (error instanceof ApiError && error.status === 404 ? null : Promise.reject(error))),
    refetchInterval: (query) => (query.state.data?.state === 'pending' ? 5_000 : false),
    staleTime: 9 * 60_000,
  });
  return (
    <Stack>
      {sound.isPending ? (
        <Loading what={t('Loading the recording')} />
      ) : sound.data?.url != null ? (
        <Player url={sound.data.url} callSeconds={detail.call.durationMs === null ? null : detail.call.durationMs / 1000} wanted={wanted} onPosition={setPosition} onExpired={() => void sound.refetch()} />
      ) : (
        <Alert variant="light" color="gray">
          {sound.data?.state === 'pending' ? t('The recording is being put together. It appears here by itself.') : t('There is no recording of this call.')}
        </Alert>
      )}
      <Loaded query={lines} what={t('Loading the transcript')}>
        {(found) => <Transcript lines={found} position={sound.data?.url != null ? position : null} agentName={detail.agentName} path={transcriptPath} onSeek={sound.data?.url != null ? seek : null} />}
      </Loaded>
    </Stack>
  );
}

export function CallDetail({ callId, trail, queryKey, read, lines, transcriptPath, recording }: CallDetailProps) {
  const { t, i18n } = useTranslation();
  const query = useQuery({
    queryKey,
    queryFn: read,
    // The work after a call goes on for some seconds.
    refetchInterval: (found) => (found.state.data !== undefined && found.state.data.closedAt === null && recent(found.state.data) ? 3_000 : false),
  });
  const title = query.data === undefined ? t('Call') : t('Call of {{date}}', { date: dateTime(query.data.call.createdAt, i18n.language) });
  return (
    <Page title={title} trail={trail} description={callId} badges={query.data?.call.testCall === true ? <Badge color="violet">{t('test call')}</Badge> : undefined}>
      <Loaded query={query} what={t('Loading the call')}>
        {(detail) => (
          <Grid>
            <Grid.Col span={{ base: 12, md: 8 }}>
              <Contents detail={detail} lines={lines} transcriptPath={transcriptPath} recording={recording} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 4 }}>
              <Stack>
                <Summary detail={detail} />
                <Facts detail={detail} />
              </Stack>
            </Grid.Col>
          </Grid>
        )}
      </Loaded>
    </Page>
  );
}
