/** What was said; the line that is being heard is marked, and a click goes there. */

import { Button, Card, Group, Menu, Stack, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDownload, IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, download } from '../../api/http.ts';
import { Copy } from '../../parts/Copy.tsx';
import { saveFile } from '../../parts/saveFile.ts';
import { clock } from '../../text/format.ts';
import { highlight, lineAt } from './lines.ts';
import type { Line } from './lines.ts';

const FORMS = ['txt', 'json', 'srt'] as const;

async function save(path: string, form: string): Promise<void> {
  const blob = await download(`${path}?format=${form}`);
  const callId = path.split('/').at(-2) ?? 'call';
  saveFile(blob, `transcript-${callId}-${new Date().toISOString().slice(0, 10)}.${form}`);
}

function Downloads({ path }: { path: string }) {
  const { t } = useTranslation();
  const run = (form: string): void => {
    save(path, form).catch((error: unknown) => {
      notifications.show({ color: 'red', message: error instanceof ApiError ? error.message : t('The download did not work.') });
    });
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconDownload size={15} aria-hidden />}>
          {t('Download')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMS.map((form) => (
          <Menu.Item key={form} onClick={() => run(form)}>
            {form.toUpperCase()}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export interface TranscriptProps {
  lines: Line[];
  /** Seconds; null without a recording. */
  position: number | null;
  agentName: string;
  path: string;
  onSeek: ((seconds: number) => void) | null;
}

export function Transcript({ lines, position, agentName, path, onSeek }: TranscriptProps) {
  const { t } = useTranslation();
  const [word, setWord] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const current = position === null || position === 0 ? -1 : lineAt(lines, position);
  const speaker = (line: Line): string => ({ user: t('Caller'), assistant: agentName, human: t('Support agent') })[line.role];
  useEffect(() => {
    list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const shown = lines.map((line, index) => ({ line, index })).filter(({ line }) => line.text.toLowerCase().includes(word.trim().toLowerCase()));
  const text = lines.map((line) => `[${clock(line.time)}] ${speaker(line)}: ${line.text}`).join('\n');
  return (
    <Card component="section" aria-label={t('Transcript')}>
      <Stack>
        <Group justify="space-between">
          <Title order={2}>{t('Transcript')}</Title>
          {lines.length > 0 && (
            <Group gap="xs">
              <Copy value={text} label={t('Copy to Clipboard')} />
              <Downloads path={path} />
            </Group>
          )}
        </Group>
        {lines.length === 0 ? (
          <Text c="dimmed" size="sm">
            {t('Nothing was said, or the chatbot does not transcribe its calls.')}
          </Text>
        ) : (
          <>
            <TextInput
              aria-label={t('Search this transcript')}
              placeholder={t('Search this transcript')}
              leftSection={<IconSearch size={16} aria-hidden />}
              value={word}
              onChange={(event) => setWord(event.currentTarget.value)}
            />
            {shown.length === 0 && (
              <Text size="sm" c="dimmed" role="status">
                {t('Nothing was found.')}
              </Text>
            )}
            <div ref={list} style={{ maxHeight: 480, overflowY: 'auto' }} tabIndex={0} role="region" aria-label={t('Transcript')}>
              {shown.map(({ line, index }) => (
                <button
                  key={index}
                  type="button"
                  className="transcript-line"
                  aria-current={index === current ? 'true' : undefined}
                  disabled={onSeek === null}
                  onClick={() => onSeek?.(line.time)}
                >
                  <Text span size="xs" c="dimmed" mr={8}>
                    {clock(line.time)}
                  </Text>
                  <Text span size="sm" fw={650} mr={6} c={line.role === 'user' ? 'var(--caller)' : 'var(--agent)'}>
                    {speaker(line)}
                  </Text>
                  <Text span size="sm">
                    {highlight(line.text, word).map((part, at) => (part.hit ? <mark key={at}>{part.text}</mark> : part.text))}
                  </Text>
                  {line.interrupted && (
                    <Text span size="xs" c="dimmed" ml={6}>
                      ({t('interrupted')})
                    </Text>
                  )}
                  {line.confidence !== null && (
                    <Text span size="xs" c="dimmed" ml={6}>
                      {t('{{percent}} % sure', { percent: Math.round(line.confidence * 100) })}
                    </Text>
                  )}
                </button>
              ))}
            </div>
          </>
        )}
      </Stack>
    </Card>
  );
}
