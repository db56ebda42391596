/** WhatsApp or phone: connected to an account or not yet. */

import { Alert, Button, Card, Group, Modal, Select, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import { connectChatbot, disconnectChatbot, switchOutboundCalls } from '@call/client/sdk.gen';
import type { AccountChannelOut } from '@call/client/types.gen';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, ifMatch } from '../../../api/http.ts';
import { confirm } from '../../../parts/confirm.tsx';
import { TextLink } from '../../../parts/links.tsx';
import { AccountState, KindIcon } from '../../integrations/AccountCard.tsx';
import { accountsQuery, spaced } from '../../integrations/accounts.ts';
import type { Account, Kind } from '../../integrations/accounts.ts';
import { TestCall } from '../../integrations/TestCall.tsx';
import { Connected } from './Connected.tsx';

function useWords(kind: Kind, chatbotName: string) {
  const { t } = useTranslation();
  const words = {
    whatsapp: {
      title: t('WhatsApp Business'),
      about: t('Enable voice calls through WhatsApp Business'),
      enable: t('Enable WhatsApp Calls'),
      dialog: t('Enable WhatsApp Integration for {{name}}', { name: chatbotName }),
      account: t('WhatsApp Integration Account'),
      none: t('No WhatsApp accounts configured.'),
      add: t('Add WhatsApp Account'),
      done: t('WhatsApp integration enabled'),
    },
    twilio: {
      title: t('Twilio (Phone Calls)'),
      about: t('Enable traditional phone calls through Twilio'),
      enable: t('Enable Phone Calls'),
      dialog: t('Enable Twilio Integration for {{name}}', { name: chatbotName }),
      account: t('Twilio Integration Account'),
      none: t('No Twilio accounts configured.'),
      add: t('Add Twilio Account'),
      done: t('Twilio integration enabled'),
    },
  };
  return words[kind];
}

export interface CarrierChannelProps {
  kind: Kind;
  chatbotId: string;
  chatbotName: string;
  channels: AccountChannelOut[];
  accounts: Account[];
}

interface ChooseProps extends CarrierChannelProps {
  /** The account to be exchanged, if there is one. */
  replaces: string | null;
  onClose(): void;
}

function Choose({ kind, chatbotId, chatbotName, channels, replaces, onClose }: ChooseProps) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const words = useWords(kind, chatbotName);
  const free = channels.filter((channel) => !channel.connected);
  const [chosen, setChosen] = useState<string | null>(free.length === 1 ? (free[0]?.accountId ?? null) : null);
  const states: Record<AccountChannelOut['status'], string> = { active: t('Active'), inactive: t('Inactive'), error: t('Error'), not_configured: t('Not Configured') };
  const connect = useMutation({
    mutationFn: async (accountId: string) => {
      await answer(connectChatbot({ path: { chatbot_id: chatbotId, account_id: accountId } }));
      if (replaces !== null) await answer(disconnectChatbot({ path: { chatbot_id: chatbotId, account_id: replaces } }));
    },
    onSuccess: async () => {
      notifications.show({ color: 'green', message: words.done });
      await cache.invalidateQueries({ queryKey: ['channels', chatbotId] });
      await cache.invalidateQueries({ queryKey: accountsQuery.queryKey });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={words.dialog}>
      {free.length === 0 ? (
        <Text size="sm">
          {words.none}{' '}
          <TextLink to="/integrations/new/$kind" params={{ kind }} size="sm" underline="always">
            {words.add}
          </TextLink>
        </Text>
      ) : (
        <Stack>
          <Select
            label={words.account}
            data={free.map((channel) => ({ value: channel.accountId, label: `${channel.name} · ${spaced(channel.maskedNumber)} · ${states[channel.status]}` }))}
            value={chosen}
            onChange={setChosen}
            allowDeselect={false}
          />
          {connect.isError && (
            <Alert color="red" variant="light" role="alert" icon={<IconAlertTriangle aria-hidden />}>
              <Text size="sm">{connect.error instanceof ApiError ? connect.error.message : t('Something went wrong')}</Text>
              {chosen !== null && (
                <TextLink to="/integrations/$accountId" params={{ accountId: chosen }} size="sm" underline="always">
                  {t('Open the account')}
                </TextLink>
              )}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('Cancel')}
            </Button>
            <Button disabled={chosen === null} loading={connect.isPending} onClick={() => chosen !== null && connect.mutate(chosen)}>
              {t('Enable Integration')}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

export function CarrierChannel(props: CarrierChannelProps) {
  const { t } = useTranslation();
  const { kind, chatbotId, chatbotName, channels, accounts } = props;
  const cache = useQueryClient();
  const words = useWords(kind, chatbotName);
  const [choosing, setChoosing] = useState<{ replaces: string | null } | null>(null);
  const [calling, setCalling] = useState<Account | null>(null);
  const connected = channels.filter((channel) => channel.connected);
  const done = async (change: Promise<unknown>, message: string): Promise<void> => {
    try {
      await change;
      notifications.show({ color: 'green', message });
    } catch (error) {
      notifications.show({ color: 'red', message: error instanceof ApiError ? error.message : t('Something went wrong') });
    }
    await cache.invalidateQueries({ queryKey: ['channels', chatbotId] });
    await cache.invalidateQueries({ queryKey: accountsQuery.queryKey });
  };
  const disable = (channel: AccountChannelOut): void => {
    confirm({
      title: kind === 'whatsapp' ? t('Disable WhatsApp?') : t('Disable phone calls?'),
      text: t('The chatbot stops taking calls of {{name}} at once. The account stays.', { name: channel.name }),
      action: t('Disable'),
      danger: true,
      run: () => void done(answer(disconnectChatbot({ path: { chatbot_id: chatbotId, account_id: channel.accountId } })), t('Switched off.')),
    });
  };
  const outbound = (account: Account, enabled: boolean): void => {
    const request = switchOutboundCalls({ path: { account_id: account.accountId }, body: { enabled }, headers: ifMatch(account.version) });
    void done(answer(request), enabled ? t('Outgoing calls are enabled.') : t('Outgoing calls are disabled.'));
  };
  return (
    <Card component="section" aria-label={words.title}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Group gap="xs">
            <KindIcon kind={kind} />
            <Title order={2}>{words.title}</Title>
          </Group>
          {connected.length === 0 && <AccountState status="not_configured" />}
        </Group>
        {connected.length === 0 && (
          <>
            <Text size="sm" c="dimmed">
              {words.about}
            </Text>
            <div>
              <Button onClick={() => setChoosing({ replaces: null })}>{words.enable}</Button>
            </div>
          </>
        )}
        {connected.map((channel) => {
          const account = accounts.find((found) => found.accountId === channel.accountId);
          return (
            account !== undefined && (
              <Connected
                key={channel.accountId}
                channel={channel}
                account={account}
                chatbotId={chatbotId}
                onTest={() => setCalling(account)}
                onChange={() => setChoosing({ replaces: channel.accountId })}
                onDisable={() => disable(channel)}
                onOutbound={(enabled) => outbound(account, enabled)}
              />
            )
          );
        })}
      </Stack>
      {choosing !== null && <Choose {...props} replaces={choosing.replaces} onClose={() => setChoosing(null)} />}
      {calling !== null && <TestCall account={calling} chatbotId={chatbotId} onClose={() => setCalling(null)} />}
    </Card>
  );
}
