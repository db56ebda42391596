/** Who changed or opened what, month by month. */

import { Badge, Card, Code, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { listAudit, listCompanies, listFleetAudit } from '@call/client/sdk.gen';
import type { AuditOut } from '@call/client/types.gen';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer } from '../api/http.ts';
import type { Complete } from '../api/http.ts';
import { readable } from '../forms/differences.ts';
import { List } from '../parts/List.tsx';
import { Page } from '../parts/Page.tsx';
import { Empty } from '../parts/States.tsx';
import { When } from '../parts/When.tsx';

type Entry = Complete<AuditOut>;
interface Wanted {
  month: string;
  entityId?: string;
  cursor?: string;
}

const thisMonth = (): string => new Date().toISOString().slice(0, 7);

/** Values are JSON text; strings read better without their quotes. */
function plain(value: string | null): string {
  if (value === null) return '–';
  return value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

function Changes({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  if (entry.changes.length === 0) return <>–</>;
  return (
    <details>
      <summary>{t('Fields: {{number}}', { number: entry.changes.length })}</summary>
      <Card padding="xs" mt={6}>
        <Table verticalSpacing={4}>
          <Table.Tbody>
            {entry.changes.map((change) => (
              <Table.Tr key={change.field}>
                <Table.Td>{readable(change.field)}</Table.Td>
                <Table.Td>
                  <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
                    <del>{plain(change.before)}</del> → <ins>{plain(change.after)}</ins>
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
    </details>
  );
}

function AuditList({ queryKey, read }: { queryKey: string; read(wanted: Wanted): Promise<{ items: Entry[]; nextCursor: string | null }> }) {
  const { t } = useTranslation();
  const [month, setMonth] = useState(thisMonth);
  const [entity, setEntity] = useState('');
  const entityId = entity.trim() || undefined;
  return (
    <Stack>
      <Group align="flex-end">
        <TextInput type="month" label={t('Month')} value={month} max={thisMonth()} onChange={(event) => setMonth(event.currentTarget.value || thisMonth())} />
        <TextInput
          label={t('Everything about one thing')}
          placeholder={t('Id of a chatbot, call, member …')}
          w={300}
          maxLength={120}
          value={entity}
          onChange={(event) => setEntity(event.currentTarget.value)}
        />
      </Group>
      <List
        queryKey={['audit', queryKey, month, entityId]}
        read={(cursor) => read({ month, entityId, cursor })}
        id={(entry) => entry.entryId}
        caption={t('Audit log')}
        loading={t('Loading the audit log')}
        empty={
          <Empty icon={<IconShieldCheck />} title={t('Nothing in this month')}>
            {t('Every change of settings, and every opened recording or transcript, is written down here.')}
          </Empty>
        }
        columns={[
          { title: t('When'), show: (entry) => <When iso={entry.at} /> },
          { title: t('What'), show: (entry) => <Badge color="gray">{entry.action.replace(/[._]/g, ' ')}</Badge> },
          { title: t('Who'), show: (entry) => <Text size="sm">{entry.who.replace(/^chatapp\./, '').replace('#', ' · ').replace('_', ' ')}</Text> },
          { title: t('On'), show: (entry) => <Code>{entry.entityId}</Code> },
          { title: t('Changes'), show: (entry) => <Changes entry={entry} /> },
        ]}
      />
    </Stack>
  );
}

export function OwnAudit() {
  const { t } = useTranslation();
  return (
    <Page title={t('Audit log')} description={t('Who changed or opened what in your company.')}>
      <AuditList queryKey="own" read={(wanted) => answer(listAudit({ query: wanted }))} />
    </Page>
  );
}

export function FleetAudit() {
  const { t } = useTranslation();
  const [companyId, setCompanyId] = useState<string | null>(null);
  const companies = useQuery({ queryKey: ['companies', 'names'], queryFn: () => answer(listCompanies({ query: { limit: 100 } })) });
  return (
    <Page title={t('Audit log')} description={t('Who changed or opened what, on the platform or in a company.')}>
      <Select
        maw={320}
        label={t('Company')}
        placeholder={t('The platform itself')}
        clearable
        clearButtonProps={{ 'aria-label': t('Clear') }}
        searchable
        value={companyId}
        onChange={setCompanyId}
        data={(companies.data?.items ?? []).map((firm) => ({ value: firm.companyId, label: firm.name }))}
      />
      <AuditList
        queryKey={companyId ?? 'platform'}
        read={(wanted) => answer(listFleetAudit({ query: { ...wanted, ...(companyId === null ? {} : { companyId }) } }))}
      />
    </Page>
  );
}
