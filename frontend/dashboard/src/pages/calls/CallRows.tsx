/** Calls as a table. */

import { Badge, Group } from '@mantine/core';
import { IconFlask, IconMicrophone } from '@tabler/icons-react';
import type { CallOut } from '@call/client/types.gen';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Complete } from '../../api/http.ts';
import { CallState } from '../../parts/Badges.tsx';
import { TextLink } from '../../parts/links.tsx';
import { Rows } from '../../parts/List.tsx';
import type { Column } from '../../parts/List.tsx';
import { When } from '../../parts/When.tsx';
import { clock, money } from '../../text/format.ts';
import { channelName, endReasonName } from '../../text/names.ts';

export type Call = Complete<CallOut>;

function Opening({ call, companyId, bold, children }: { call: Call; companyId: string | undefined; bold?: boolean; children: ReactNode }) {
  const look = { fw: bold === true ? 600 : undefined, style: { whiteSpace: 'nowrap' } } as const;
  return companyId === undefined ? (
    <TextLink to="/calls/$callId" params={{ callId: call.callId }} {...look}>
      {children}
    </TextLink>
  ) : (
    <TextLink to="/admin/companies/$companyId/calls/$callId" params={{ companyId, callId: call.callId }} {...look}>
      {children}
    </TextLink>
  );
}

export function useCallColumns(chatbotName?: (id: string) => string, companyId?: string): Column<Call>[] {
  const { t, i18n } = useTranslation();
  const opened = (call: Call) => (
    <Opening call={call} companyId={companyId} bold>
      <When iso={call.createdAt} />
    </Opening>
  );
  const columns: Column<Call>[] = [
    { title: t('Date'), show: opened },
    { title: t('Caller'), show: (call) => call.caller ?? t('Web visitor') },
    { title: t('Channel'), show: (call) => channelName(t, call.channel) },
    {
      title: t('Status'),
      show: (call) => (
        <Group gap={6}>
          <CallState status={call.status} />
          {call.testCall && (
            <Badge color="violet" leftSection={<IconFlask size={13} aria-hidden />}>
              {t('test call')}
            </Badge>
          )}
        </Group>
      ),
    },
    { title: t('End'), show: (call) => (call.endReason === null ? '–' : endReasonName(t, call.endReason)) },
    { title: t('Duration'), show: (call) => (call.durationMs === null ? '–' : clock(call.durationMs / 1000)), align: 'right' },
    { title: t('Cost'), show: (call) => (call.costUsd === null ? '–' : money(call.costUsd, i18n.language)), align: 'right' },
  ];
  columns.push({
    title: t('Transcript'),
    show: (call) => (
      <Group gap={6} wrap="nowrap">
        <Opening call={call} companyId={companyId}>
          {t('View Transcript')}
        </Opening>
        {call.recordingState === 'ready' && <IconMicrophone size={15} role="img" aria-label={t('Recorded')} style={{ flexShrink: 0 }} />}
      </Group>
    ),
  });
  if (chatbotName !== undefined) columns.splice(1, 0, { title: t('Chatbot'), show: (call) => chatbotName(call.chatbotId) });
  return columns;
}

export function CallRows({ calls }: { calls: Call[] }) {
  const { t } = useTranslation();
  return <Rows rows={calls} columns={useCallColumns()} id={(call) => call.callId} caption={t('Calls')} />;
}
