/** Around a form: what is wrong, the bar with Save and Cancel, the conflict, and the guard against losing changes. */

import { Alert, Button, Group, List, Modal, Stack, Table, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useBlocker } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { differences, readable } from './differences.ts';
import type { Editor } from './editor.ts';
import '../parts/controls.css';

function Summary<T extends object>({ editor }: { editor: Editor<T> }) {
  const { t } = useTranslation();
  const errors = Object.entries(editor.form.errors);
  if (editor.problem === null && errors.length === 0) return null;
  return (
    <Alert color="red" variant="light" role="alert" icon={<IconAlertTriangle aria-hidden />} title={editor.problem ?? t('Please correct this')}>
      {errors.length > 0 && (
        <List size="sm">
          {errors.map(([path, message]) => (
            <List.Item key={path}>
              <b>{readable(path)}</b>: {message}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}

function Guard({ dirty }: { dirty: boolean }) {
  const { t } = useTranslation();
  const blocker = useBlocker({ shouldBlockFn: () => dirty, enableBeforeUnload: dirty, withResolver: true });
  return (
    <Modal opened={blocker.status === 'blocked'} onClose={() => blocker.reset?.()} title={t('Leave without saving?')}>
      <Text size="sm">{t('Your changes on this page are not saved.')}</Text>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={() => blocker.reset?.()}>
          {t('Keep editing')}
        </Button>
        <Button color="red" onClick={() => blocker.proceed?.()}>
          {t('Discard changes')}
        </Button>
      </Group>
    </Modal>
  );
}

function Conflict<T extends object>({ editor }: { editor: Editor<T> }) {
  const { t } = useTranslation();
  const { conflict } = editor;
  if (conflict === null) return null;
  const mine = differences(conflict.base, editor.form.getValues());
  const theirs = new Map(differences(conflict.base, conflict.theirs.value).map((found) => [found.path, found.after]));
  const paths = [...new Set([...mine.map((found) => found.path), ...theirs.keys()])];
  const own = new Map(mine.map((found) => [found.path, found.after]));
  return (
    <Modal opened onClose={editor.dismiss} size="xl" title={t('Somebody else saved this in the meantime')}>
      <Stack>
        <Text size="sm">{t('Compare the two versions and decide which one is kept.')}</Text>
        <div className="table-wrap" tabIndex={0} role="region" aria-label={t('Differences')}>
          <Table miw={520}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('Field')}</Table.Th>
                <Table.Th>{t('Yours')}</Table.Th>
                <Table.Th>{t('Theirs')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {paths.map((path) => (
                <Table.Tr key={path}>
                  <Table.Td>{readable(path)}</Table.Td>
                  <Table.Td>{own.get(path) ?? t('unchanged')}</Table.Td>
                  <Table.Td>{theirs.get(path) ?? t('unchanged')}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
        <Group justify="flex-end">
          <Button variant="default" onClick={editor.takeTheirs}>
            {t('Take theirs')}
          </Button>
          <Button onClick={() => void editor.keepMine()}>{t('Save mine over it')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

export interface EditorFrameProps<T extends object> {
  editor: Editor<T>;
  save: string;
  /** Beside Save. */
  more?: ReactNode;
  note?: ReactNode;
  /** Something new may be saved as it is. */
  always?: boolean;
  /** False: something has to be done before it can be saved. */
  ready?: boolean;
  /** One form of several on a page: the bar shows itself once something was changed. */
  quiet?: boolean;
  children: ReactNode;
}

export function EditorFrame<T extends object>({ editor, save, more, note, always, ready = true, quiet = false, children }: EditorFrameProps<T>) {
  const { t } = useTranslation();
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void editor.submit();
      }}
    >
      <Stack gap="lg">
        <Summary editor={editor} />
        {children}
      </Stack>
      <div className="save-bar" hidden={quiet && !editor.dirty} data-clean={!editor.dirty || undefined}>
        <Group justify="space-between" gap="sm">
          <Text size="sm" c="dimmed" role="status" className="save-note" data-clean={!editor.dirty || undefined}>
            {editor.dirty ? t('Unsaved changes') : (note ?? t('Everything is saved'))}
          </Text>
          <Group gap="xs" className="save-buttons">
            {more}
            <Button variant="default" disabled={!editor.dirty || editor.saving} onClick={editor.reset}>
              {t('Cancel')}
            </Button>
            <Button type="submit" loading={editor.saving} disabled={(!editor.dirty && always !== true) || !ready}>
              {save}
            </Button>
          </Group>
        </Group>
      </div>
      <Guard dirty={editor.dirty && !editor.saving} />
      <Conflict editor={editor} />
    </form>
  );
}
