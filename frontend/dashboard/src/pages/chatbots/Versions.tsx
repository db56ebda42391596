/** Saved versions of a configuration: what differs from today's, and bringing one back. */

import { Badge, Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { PublicationOut } from '@call/client/types.gen';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { differences, readable } from '../../forms/differences.ts';
import type { Editor, Versioned } from '../../forms/editor.ts';
import { Section } from '../../forms/Section.tsx';
import { Loaded } from '../../parts/States.tsx';
import { When } from '../../parts/When.tsx';

type Publication = Complete<PublicationOut>;

export interface VersionsProps<T extends object> {
  editor: Editor<T>;
  queryKey: string[];
  list(): Promise<Publication[]>;
  one(number: number): Promise<T>;
  rollBack(number: number, version: number): Promise<Versioned<T>>;
}

function Comparison<T extends object>({ props, number, onClose }: { props: VersionsProps<T>; number: number; onClose(): void }) {
  const { t } = useTranslation();
  const { editor } = props;
  const [busy, setBusy] = useState(false);
  const then = useQuery({ queryKey: [...props.queryKey, 'one', number], queryFn: () => props.one(number) });
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      editor.replace(await props.rollBack(number, editor.version));
      notifications.show({ color: 'green', message: t('Version {{number}} is in force again.', { number }) });
      onClose();
    } catch (error) {
      const fields = error instanceof ApiError ? Object.values(error.fields).join(' ') : '';
      notifications.show({ color: 'red', message: error instanceof ApiError ? `${error.message} ${fields}` : t('Something went wrong') });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} size="xl" title={t('Bring version {{number}} back?', { number })}>
      <Loaded query={then} what={t('Loading the version')}>
        {(found) => {
          const changed = differences(editor.form.getValues(), found);
          return (
            <Stack>
              {changed.length === 0 ? (
                <Text size="sm">{t('It is the same as what is in force now.')}</Text>
              ) : (
                <div className="table-wrap" tabIndex={0} role="region" aria-label={t('Differences')}>
                  <Table miw={480}>
                    <Table.Thead>
                      <Table.Tr>
                        <Table.Th>{t('Field')}</Table.Th>
                        <Table.Th>{t('Now')}</Table.Th>
                        <Table.Th>{t('Version {{number}}', { number })}</Table.Th>
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      {changed.map((difference) => (
                        <Table.Tr key={difference.path}>
                          <Table.Td>{readable(difference.path)}</Table.Td>
                          <Table.Td style={{ overflowWrap: 'anywhere' }}>{difference.before}</Table.Td>
                          <Table.Td style={{ overflowWrap: 'anywhere' }}>{difference.after}</Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                </div>
              )}
              <Text size="sm" c="dimmed">
                {t('It is saved as a new version; nothing is lost.')}
              </Text>
              <Group justify="flex-end">
                <Button variant="default" onClick={onClose}>
                  {t('Cancel')}
                </Button>
                <Button loading={busy} onClick={() => void run()}>
                  {t('Roll back')}
                </Button>
              </Group>
            </Stack>
          );
        }}
      </Loaded>
    </Modal>
  );
}

/** Versions from before the history began have no entry, but can be brought back as well. */
export function completeHistory(known: readonly Publication[], current: number): { number: number; entry: Publication | null }[] {
  const entries = new Map(known.map((entry) => [entry.number, entry]));
  return Array.from({ length: current }, (_, index) => current - index).map((number) => ({ number, entry: entries.get(number) ?? null }));
}

export function Versions<T extends object>(props: VersionsProps<T>) {
  const { t } = useTranslation();
  const { editor } = props;
  const [chosen, setChosen] = useState<number | null>(null);
  const versions = useQuery({ queryKey: [...props.queryKey, 'list', editor.version], queryFn: props.list });
  return (
    <Section title={t('Versions')} description={t('Every save is a version. Calls keep the one they started with.')}>
      <Loaded query={versions} what={t('Loading the versions')}>
        {(known) => {
          const rows = completeHistory(known, editor.version).slice(0, 12);
          if (rows.length === 0) return <Text size="sm">{t('Nothing was saved yet.')}</Text>;
          return (
            <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
              {rows.map(({ number, entry }) => (
                <Group key={number} component="li" justify="space-between" wrap="nowrap">
                  <div>
                    <Text size="sm" fw={600}>
                      {t('Version {{number}}', { number })}
                    </Text>
                    <Text size="xs" c="dimmed" component="div">
                      {entry !== null && <When iso={entry.publishedAt} />}
                      {entry?.restoredFrom != null && ` · ${t('from version {{number}}', { number: entry.restoredFrom })}`}
                    </Text>
                  </div>
                  {number === editor.version ? (
                    <Badge color="green">{t('In force')}</Badge>
                  ) : (
                    <Button
                      size="compact-sm"
                      variant="default"
                      disabled={editor.dirty}
                      title={editor.dirty ? t('Save or discard your changes first') : undefined}
                      aria-label={t('Compare and roll back to version {{number}}', { number })}
                      onClick={() => setChosen(number)}
                    >
                      {t('Compare')}
                    </Button>
                  )}
                </Group>
              ))}
            </Stack>
          );
        }}
      </Loaded>
      {chosen !== null && <Comparison props={props} number={chosen} onClose={() => setChosen(null)} />}
    </Section>
  );
}
