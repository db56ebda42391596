/** Every account of the company, and what it may call. */

import { Button, Card, Group, Menu, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconPlus, IconWebhook } from '@tabler/icons-react';
import { listChatbots } from '@call/client/sdk.gen';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { meQuery } from '../../api/queries.ts';
import { ButtonLink } from '../../parts/links.tsx';
import { CallsOff } from '../../parts/ErrorPages.tsx';
import { Page } from '../../parts/Page.tsx';
import { Loaded } from '../../parts/States.tsx';
import { AccountCard, AccountState, KindIcon } from './AccountCard.tsx';
import { accountsQuery, kindName } from './accounts.ts';
import type { Kind } from './accounts.ts';
import { OutboundPolicySection } from './OutboundPolicy.tsx';
import { OwnSystemCard } from './OwnSystem.tsx';

const KINDS: readonly Kind[] = ['twilio', 'whatsapp'];

function useAdding(): Record<Kind, { add: string; why: string }> {
  const { t } = useTranslation();
  return {
    twilio: { add: t('Add Twilio Account'), why: t('Callers dial an ordinary phone number, and your chatbot can call them back.') },
    whatsapp: { add: t('Add WhatsApp Account'), why: t('Customers ring your chatbot from the WhatsApp chat they already use, without phone charges.') },
  };
}

function AddMenu() {
  const { t } = useTranslation();
  const adding = useAdding();
  const navigate = useNavigate();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button leftSection={<IconPlus size={16} aria-hidden />}>{t('Add Integration Account')}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {KINDS.map((kind) => (
          <Menu.Item key={kind} leftSection={<KindIcon kind={kind} />} onClick={() => void navigate({ to: '/integrations/new/$kind', params: { kind } })}>
            {adding[kind].add}
          </Menu.Item>
        ))}
        <Menu.Item leftSection={<IconWebhook size={20} aria-hidden />} onClick={() => document.getElementById('own-system')?.focus()}>
          {t('Custom Integration')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function NotConfigured({ kind, editor }: { kind: Kind; editor: boolean }) {
  const { t } = useTranslation();
  const { add, why } = useAdding()[kind];
  return (
    <Card className="dotted" padding="md" component="section" aria-label={kindName(t, kind)}>
      <Stack gap="sm" h="100%">
        <Group justify="space-between">
          <Group gap="xs">
            <KindIcon kind={kind} />
            <Title order={3}>{kindName(t, kind)}</Title>
          </Group>
          <AccountState status="not_configured" />
        </Group>
        <Text size="sm" c="dimmed">
          {why}
        </Text>
        {editor && (
          <ButtonLink to="/integrations/new/$kind" params={{ kind }} size="sm" mt="auto" style={{ alignSelf: 'flex-start' }}>
            {add}
          </ButtonLink>
        )}
      </Stack>
    </Card>
  );
}

export function Accounts() {
  const { t } = useTranslation();
  const me = useQuery(meQuery);
  const editor = me.data?.permissions.includes('integration_accounts.write') === true;
  const accounts = useQuery({ ...accountsQuery, enabled: me.data?.callEnabled === true });
  const bots = useQuery({ queryKey: ['chatbots', 'first'], queryFn: () => answer(listChatbots({ query: { limit: 100 } })), enabled: editor });
  const chatbots = (bots.data?.items ?? []).filter((bot) => bot.enabledCall).map((bot) => ({ value: bot.chatbotId, label: bot.name }));
  if (me.data?.callEnabled === false) return <CallsOff />;
  return (
    <Page
      title={t('Integration Accounts')}
      description={
        <>
          {t('Manage company-wide integrations for voice calls')}. {t('Integration accounts store credentials for Twilio and WhatsApp Business. Configure them once and use across multiple chatbots.')}
        </>
      }
      actions={editor ? <AddMenu /> : undefined}
    >
      <Loaded query={accounts} what={t('Loading the accounts')}>
        {(found) => (
          <Stack gap="xl">
            {KINDS.map((kind) => {
              const mine = found.filter((account) => account.kind === kind);
              return (
                <section key={kind} aria-label={kindName(t, kind)}>
                  <Group mb="sm" justify="space-between">
                    <Title order={2}>{kindName(t, kind)}</Title>
                    {editor && mine.length > 0 && (
                      <ButtonLink to="/integrations/new/$kind" params={{ kind }} size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />}>
                        {t('Add New')}
                      </ButtonLink>
                    )}
                  </Group>
                  <SimpleGrid cols={{ base: 1, md: 2 }}>
                    {mine.length === 0 ? <NotConfigured kind={kind} editor={editor} /> : mine.map((account) => <AccountCard key={account.accountId} account={account} editor={editor} chatbots={chatbots} />)}
                  </SimpleGrid>
                </section>
              );
            })}
            <OwnSystemCard editor={editor} />
            <OutboundPolicySection editor={editor} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}
