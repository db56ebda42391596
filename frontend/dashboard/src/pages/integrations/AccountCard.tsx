/** One carrier account: its state, its webhook's health, and everything that can be done with it. */

import { ActionIcon, Alert, Badge, Button, Card, Checkbox, Group, Loader, Menu, Modal, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconBrandWhatsapp, IconCircleCheck, IconCircleDashed, IconCircleOff, IconCircleX, IconDotsVertical, IconPhone } from '@tabler/icons-react';
import { checkIntegrationAccount, deleteIntegrationAccount, switchIntegrationAccount } from '@call/client/sdk.gen';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, ifMatch } from '../../api/http.ts';
import { OnOff } from '../../parts/Badges.tsx';
import { ButtonLink } from '../../parts/links.tsx';
import { When } from '../../parts/When.tsx';
import { AccountUsage } from './AccountUsage.tsx';
import { accountsQuery, kindName, spaced } from './accounts.ts';
import type { Account, Kind } from './accounts.ts';
import { TestCall } from './TestCall.tsx';
import { TestMessage } from './TestMessage.tsx';
import { WebhookLog } from './WebhookLog.tsx';
import { WebhookSetup } from './WebhookSetup.tsx';

export function KindIcon({ kind }: { kind: Kind }) {
  return kind === 'twilio' ? <IconPhone size={20} aria-hidden /> : <IconBrandWhatsapp size={20} aria-hidden />;
}

export function AccountState({ status }: { status: Account['status'] }) {
  const { t } = useTranslation();
  const [color, Icon, label] = {
    active: ['green', IconCircleCheck, t('Active')] as const,
    inactive: ['gray', IconCircleOff, t('Inactive')] as const,
    error: ['red', IconCircleX, t('Error')] as const,
    not_configured: ['gray', IconCircleDashed, t('Not Configured')] as const,
  }[status];
  return (
    <Badge color={color} variant={status === 'not_configured' ? 'outline' : 'light'} className={status === 'not_configured' ? 'dotted' : undefined} leftSection={<Icon size={14} aria-hidden />}>
      {label}
    </Badge>
  );
}

function Standing({ account, editor }: { account: Account; editor: boolean }) {
  const { t } = useTranslation();
  if (account.status === 'inactive') return <Text size="sm">{t('Manually disabled')}</Text>;
  if (account.status === 'error') {
    return (
      <Alert color="red" variant="light" p="xs">
        <Text size="sm">{t('Verification failed: {{error}}', { error: account.lastError })}</Text>
        {account.lastVerifiedAt !== null && (
          <Text size="xs" mt={2}>
            {t('Last successful verification:')} <When iso={account.lastVerifiedAt} />
          </Text>
        )}
        {editor && (
          <ButtonLink to="/help/integrations/troubleshooting" size="compact-sm" mt={6} color="red" variant="light">
            {t('Action required')}
          </ButtonLink>
        )}
      </Alert>
    );
  }
  if (account.lastVerifiedAt === null) return <Text size="sm">{t('Not verified yet')}</Text>;
  return (
    <Text size="sm">
      {t('Last verified')} <When iso={account.lastVerifiedAt} />
    </Text>
  );
}

function Health({ account }: { account: Account }) {
  const { t } = useTranslation();
  const { health } = account;
  return (
    <div>
      <Group gap="xs">
        <Text size="sm">{t('Webhook')}</Text>
        <OnOff on={health.configured} labels={[t('Configured'), t('Not Configured')]} />
      </Group>
      <Text size="xs" c="dimmed" mt={4}>
        {t('Webhook Events')}: {t('{{events}} in 24 hours', { events: health.events })}
        {health.successRate !== null && ` · ${t('{{rate}} % successful', { rate: Math.round(health.successRate) })}`}
        {health.lastEventAt !== null && (
          <>
            {' · '}
            {t('last')} <When iso={health.lastEventAt} />
          </>
        )}
      </Text>
    </div>
  );
}

function DeleteDialog({ account, onClose }: { account: Account; onClose(): void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [sure, setSure] = useState(false);
  const used = account.chatbotIds.length;
  const remove = useMutation({
    mutationFn: () => answer(deleteIntegrationAccount({ path: { account_id: account.accountId }, query: { confirmed: sure }, headers: ifMatch(account.version) })),
    onSuccess: async () => {
      notifications.show({ color: 'green', message: t('{{name}} was deleted.', { name: account.name }) });
      await cache.invalidateQueries({ queryKey: accountsQuery.queryKey });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('Delete {{name}}?', { name: account.name })}>
      <Stack>
        <Text size="sm">
          {used === 1 ? t('This account is used by 1 chatbot. It will stop receiving calls.') : t('This account is used by {{used}} chatbots. They will stop receiving calls.', { used })}
        </Text>
        <Checkbox checked={sure} onChange={(event) => setSure(event.currentTarget.checked)} label={t('I understand that this cannot be undone')} />
        {remove.isError && (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {remove.error instanceof ApiError ? remove.error.message : t('Something went wrong')}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button color="red" disabled={!sure} loading={remove.isPending} onClick={() => remove.mutate()}>
            {t('Delete')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

type Opened = 'call' | 'message' | 'webhook' | 'log' | 'usage' | 'delete';

export interface AccountCardProps {
  account: Account;
  editor: boolean;
  chatbots: { value: string; label: string }[];
}

export function AccountCard({ account, editor, chatbots }: AccountCardProps) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [opened, setOpened] = useState<Opened | null>(null);
  const close = (): void => setOpened(null);
  const again = (): Promise<void> => cache.invalidateQueries({ queryKey: accountsQuery.queryKey });
  const failed = (error: unknown): void => {
    notifications.show({ color: 'red', message: error instanceof ApiError ? error.message : t('Something went wrong') });
  };
  const path = { account_id: account.accountId };
  const check = useMutation({
    mutationFn: () => answer(checkIntegrationAccount({ path })),
    onSuccess: (found) => notifications.show({ color: found.ok ? 'green' : 'red', message: [found.message, ...found.warnings].join(' ') }),
    onError: failed,
    onSettled: again,
  });
  const turn = useMutation({
    mutationFn: (active: boolean) => answer(switchIntegrationAccount({ path, body: { active }, headers: ifMatch(account.version) })),
    onError: failed,
    onSettled: again,
  });
  const speaking = chatbots.filter((bot) => account.chatbotIds.includes(bot.value));
  const dialogs: Record<Opened, () => ReactNode> = {
    call: () => <TestCall account={account} chatbots={speaking.length > 0 ? speaking : chatbots} onClose={close} />,
    message: () => <TestMessage account={account} onClose={close} />,
    webhook: () => (
      <Modal opened onClose={close} size="lg" title={t('Webhook Configuration')}>
        <WebhookSetup account={account} editor={editor} />
      </Modal>
    ),
    log: () => <WebhookLog account={account} onClose={close} />,
    usage: () => <AccountUsage account={account} onClose={close} />,
    delete: () => <DeleteDialog account={account} onClose={close} />,
  };
  return (
    <Card component="section" aria-label={account.name} padding="md">
      <Stack gap="sm" h="100%">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div style={{ minWidth: 0 }}>
            <Group gap={6} c="dimmed">
              <KindIcon kind={account.kind} />
              <Text size="xs" fw={600}>
                {kindName(t, account.kind)}
              </Text>
            </Group>
            <Title order={3} style={{ overflowWrap: 'anywhere' }}>
              {account.name}
            </Title>
          </div>
          <Group gap={4} wrap="nowrap">
            <AccountState status={account.status} />
            {editor && (
              <Menu position="bottom-end">
                <Menu.Target>
                  <ActionIcon variant="subtle" color="gray" aria-label={t('Actions for {{name}}', { name: account.name })}>
                    <IconDotsVertical size={18} aria-hidden />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  {account.active && <Menu.Item onClick={() => turn.mutate(false)}>{t('Disable')}</Menu.Item>}
                  <Menu.Item color="red" onClick={() => setOpened('delete')}>
                    {t('Delete')}
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            )}
          </Group>
        </Group>
        <Text size="sm" fw={600}>
          {spaced(account.maskedNumber)}
        </Text>
        {account.description !== '' && (
          <Text size="sm" c="dimmed">
            {account.description.length > 100 ? `${account.description.slice(0, 100)}…` : account.description}
          </Text>
        )}
        <Standing account={account} editor={editor} />
        <Health account={account} />
        <Group gap="xs" mt="auto">
          {editor && !account.active && (
            <Button size="xs" loading={turn.isPending} onClick={() => turn.mutate(true)}>
              {t('Enable')}
            </Button>
          )}
          {editor && (
            <ButtonLink to="/integrations/$accountId" params={{ accountId: account.accountId }} size="xs" variant="default" aria-label={t('Edit {{name}}', { name: account.name })}>
              {t('Edit')}
            </ButtonLink>
          )}
          {editor && (
            <Button size="xs" variant="default" disabled={check.isPending} leftSection={check.isPending ? <Loader size={12} /> : undefined} onClick={() => check.mutate()}>
              {check.isPending ? t('Testing …') : t('Test Connection')}
            </Button>
          )}
          {editor && account.active && (
            <Button size="xs" variant="default" onClick={() => setOpened('call')}>
              {t('Make Test Call')}
            </Button>
          )}
          {editor && account.kind === 'whatsapp' && account.active && (
            <Button size="xs" variant="default" onClick={() => setOpened('message')}>
              {t('Send Test Message')}
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => setOpened('webhook')}>
            {t('View Webhook URL')}
          </Button>
          <Button size="xs" variant="default" onClick={() => setOpened('log')}>
            {t('View Logs')}
          </Button>
          <Button size="xs" variant="default" onClick={() => setOpened('usage')}>
            {t('View Usage')}
          </Button>
        </Group>
      </Stack>
      {opened !== null && dialogs[opened]()}
    </Card>
  );
}
