/** The company's own system: told of every call by a signed message, and able to call by the widget's protocol. */

import { Button, Card, Code, Divider, Group, Modal, Stack, Switch, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconWebhook } from '@tabler/icons-react';
import { connectOwnSystem, getCallKey, getOwnSystem, renewCallKey, renewSigningSecret, revokeCallKey, tryOwnSystem } from '@call/client/sdk.gen';
import type { CallKeyOut, OwnSystemOut } from '@call/client/types.gen';
import { zOwnSystemIn } from '@call/client/zod.gen';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, ifMatch } from '../../api/http.ts';
import { problems } from '../../forms/validate.ts';
import { OnOff } from '../../parts/Badges.tsx';
import { Copy } from '../../parts/Copy.tsx';
import { confirm } from '../../parts/confirm.tsx';
import { Loaded } from '../../parts/States.tsx';
import { TextLink } from '../../parts/links.tsx';

function Secret({ title, secret, onClose }: { title: string; secret: string; onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onClose} title={title} closeOnClickOutside={false}>
      <Stack>
        <Text size="sm">{t('Copy it now: it is shown this once. The one before is no longer used.')}</Text>
        <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {secret}
        </Code>
        <Group justify="space-between">
          <Copy value={secret} label={t('Copy secret')} />
          <Button onClick={onClose}>{t('Done')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function OwnSystemForm({ stored, editor }: { stored: OwnSystemOut; editor: boolean }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [url, setUrl] = useState(stored.url ?? '');
  const [wrong, setWrong] = useState<string | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const again = (): Promise<void> => cache.invalidateQueries({ queryKey: ['own-system'] });
  const failed = (error: unknown): void => {
    const refused = error instanceof ApiError ? error : null;
    setWrong(refused?.fields.url ?? null);
    if (refused?.fields.url === undefined) notifications.show({ color: 'red', message: refused?.message ?? t('Something went wrong') });
    void again();
  };
  const connect = useMutation({
    mutationFn: (active: boolean) => answer(connectOwnSystem({ body: { url, active }, headers: ifMatch(stored.version) })),
    onSuccess: (saved) => {
      setWrong(null);
      cache.setQueryData(['own-system'], saved);
      notifications.show({ color: 'green', message: t('Your own system is saved') });
    },
    onError: failed,
  });
  const renew = useMutation({
    mutationFn: () => answer(renewSigningSecret({ headers: ifMatch(stored.version) })),
    onSuccess: (made) => {
      setSecret(made.signingSecret);
      return again();
    },
    onError: failed,
  });
  const attempt = useMutation({
    mutationFn: () => answer(tryOwnSystem()),
    onSuccess: (found) => notifications.show(found.delivered ? { color: 'green', message: t('The test message was taken.') } : { color: 'red', message: found.problem ?? '' }),
    onError: failed,
  });
  const save = (active: boolean): void => {
    const found = problems(t, zOwnSystemIn, { url, active });
    setWrong(found.url ?? null);
    if (found.url === undefined) connect.mutate(active);
  };
  return (
    <Stack>
      <TextInput
        type="url"
        label={t('Address that is told of calls')}
        description={t('HTTPS. After every call it gets a signed message with facts and summary, as standardwebhooks.com describes it.')}
        placeholder="https://crm.example.com/calls"
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        error={wrong}
        disabled={!editor}
        maxLength={2000}
      />
      <Text size="sm">
        {t('Signing secret')}: {stored.secret === null ? <b>{t('none yet; without one nothing is sent')}</b> : <code>{stored.secret.masked}</code>}
      </Text>
      {stored.url !== null && editor && <Switch label={t('Tell it of calls')} checked={stored.active} onChange={(event) => save(event.currentTarget.checked)} />}
      {editor && (
        <Group gap="xs">
          <Button size="sm" variant={stored.url === null ? 'filled' : 'default'} disabled={url === (stored.url ?? '')} loading={connect.isPending} onClick={() => save(stored.url === null ? true : stored.active)}>
            {t('Save address')}
          </Button>
          <Button size="sm" variant="default" disabled={stored.url === null || connect.isPending} loading={renew.isPending} onClick={() => renew.mutate()}>
            {stored.secret === null ? t('Make a signing secret') : t('Renew the signing secret')}
          </Button>
          <Button size="sm" variant="default" disabled={stored.secret === null || stored.url === null} loading={attempt.isPending} onClick={() => attempt.mutate()}>
            {t('Send a test message')}
          </Button>
        </Group>
      )}
      {secret !== null && <Secret title={t('Signing secret')} secret={secret} onClose={() => setSecret(null)} />}
    </Stack>
  );
}

/** By it the company's own system opens calls, from no web page. */
function CallKeyForm({ stored, editor }: { stored: CallKeyOut; editor: boolean }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [key, setKey] = useState<string | null>(null);
  const again = (): Promise<void> => cache.invalidateQueries({ queryKey: ['call-key'] });
  const failed = (error: unknown): void => {
    notifications.show({ color: 'red', message: error instanceof ApiError ? error.message : t('Something went wrong') });
    void again();
  };
  const renew = useMutation({
    mutationFn: () => answer(renewCallKey({ headers: ifMatch(stored.version) })),
    onSuccess: (made) => {
      setKey(made.callKey);
      return again();
    },
    onError: failed,
  });
  const revoke = useMutation({ mutationFn: () => answer(revokeCallKey({ headers: ifMatch(stored.version) })), onSuccess: again, onError: failed });
  const ask = (): void =>
    confirm({ title: t('Revoke the call key?'), text: t('Your system can open no more calls with it. Running calls go on.'), action: t('Revoke'), danger: true, run: () => revoke.mutate() });
  return (
    <Stack gap="sm">
      <Text size="sm">
        {t('Your system can also hold calls itself, by the protocol the widget speaks.')}{' '}
        <TextLink to="/help/integrations/own-system" size="sm" underline="always">
          {t('Read how')}
        </TextLink>
      </Text>
      <Text size="sm">
        {t('Call key')}: {stored.masked === null ? <b>{t('none')}</b> : <code>{stored.masked}</code>}
      </Text>
      {editor && (
        <Group gap="xs">
          <Button size="sm" variant="default" loading={renew.isPending} onClick={() => renew.mutate()}>
            {stored.masked === null ? t('Make a call key') : t('Renew the call key')}
          </Button>
          {stored.masked !== null && (
            <Button size="sm" variant="default" loading={revoke.isPending} onClick={ask}>
              {t('Revoke')}
            </Button>
          )}
        </Group>
      )}
      {key !== null && <Secret title={t('Call key')} secret={key} onClose={() => setKey(null)} />}
    </Stack>
  );
}

export function OwnSystemCard({ editor }: { editor: boolean }) {
  const { t } = useTranslation();
  const key = useQuery({ queryKey: ['call-key'], queryFn: async () => (await answer(getCallKey())) as CallKeyOut });
  const query = useQuery({ queryKey: ['own-system'], queryFn: async () => (await answer(getOwnSystem())) as OwnSystemOut });
  return (
    <section aria-label={t('Custom Integration')} id="own-system" tabIndex={-1} style={{ outline: 'none' }}>
      <Title order={2} mb="sm">
        {t('Custom Integration')}
      </Title>
      <Card padding="md" className={query.data?.url === null ? 'dotted' : undefined}>
        <Stack gap="sm">
          <Group justify="space-between">
            <Group gap="xs">
              <IconWebhook size={20} aria-hidden />
              <Title order={3}>{t('Your own system')}</Title>
            </Group>
            {query.data !== undefined && <OnOff on={query.data.active && query.data.secret !== null} labels={[t('Active'), query.data.url === null ? t('Not Configured') : t('Inactive')]} />}
          </Group>
          <Text size="sm" c="dimmed">
            {t('Your CRM or ticket system learns of every finished call by itself.')}
          </Text>
          <Loaded query={query} what={t('Loading your own system')}>
            {(found) => <OwnSystemForm stored={found} editor={editor} />}
          </Loaded>
          <Divider />
          <Loaded query={key} what={t('Loading the call key')}>
            {(found) => <CallKeyForm stored={found} editor={editor} />}
          </Loaded>
        </Stack>
      </Card>
    </section>
  );
}
