/** The company's chatbots. */

import { SegmentedControl, Group, Text, TextInput } from '@mantine/core';
import { IconMessageChatbot, IconPlus, IconSearch } from '@tabler/icons-react';
import { listChatbots } from '@call/client/sdk.gen';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import type { Bot } from '../../api/queries.ts';
import { Capabilities, OnOff } from '../../parts/Badges.tsx';
import { ButtonLink, TextLink } from '../../parts/links.tsx';
import { List } from '../../parts/List.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty } from '../../parts/States.tsx';

type Wanted = 'all' | 'chat' | 'call';

function fits(bot: Bot, wanted: Wanted, word: string): boolean {
  const capable = wanted === 'all' || (wanted === 'chat' ? bot.enabledChat : bot.enabledCall);
  return capable && bot.name.toLowerCase().includes(word.trim().toLowerCase());
}

export function Chatbots() {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState<Wanted>('all');
  const [word, setWord] = useState('');
  const add = (
    <ButtonLink to="/chatbots/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t('New Chatbot')}
    </ButtonLink>
  );
  return (
    <Page title={t('Chatbots')} description={t('Each answers in its own voice, with its own settings, widget and numbers.')} actions={add}>
      <Group>
        <TextInput
          aria-label={t('Search chatbots')}
          placeholder={t('Search chatbots')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={word}
          onChange={(event) => setWord(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label={t('Capability')}
          value={wanted}
          onChange={(value) => setWanted(value as Wanted)}
          data={[
            { value: 'all', label: t('Show All') },
            { value: 'chat', label: t('Chat') },
            { value: 'call', label: t('Call') },
          ]}
        />
      </Group>
      <List
        queryKey={['chatbots', 'list']}
        read={(cursor) => answer(listChatbots({ query: { cursor } }))}
        id={(bot) => bot.chatbotId}
        caption={t('Chatbots')}
        loading={t('Loading your chatbots')}
        keep={(bot) => fits(bot, wanted, word)}
        nothingKept={<Empty icon={<IconSearch />} title={t('No chatbot matches')}>{t('Check the spelling or choose another capability.')}</Empty>}
        empty={
          <Empty icon={<IconMessageChatbot />} title={t('No chatbots yet')} action={add}>
            {t('Choose a package, fill in what is yours, and save the Call Options: then your chatbot answers calls.')}
          </Empty>
        }
        columns={[
          {
            title: t('Name'),
            show: (bot) => (
              <div>
                <TextLink to="/chatbots/$chatbotId/settings" params={{ chatbotId: bot.chatbotId }} fw={600}>
                  {bot.name}
                </TextLink>
                <Text size="xs" c="dimmed" lineClamp={1}>
                  {bot.description}
                </Text>
              </div>
            ),
          },
          { title: t('Capabilities'), show: (bot) => <Capabilities chat={bot.enabledChat} call={bot.enabledCall} /> },
          {
            title: t('Calls'),
            show: (bot) => (bot.enabledCall ? <OnOff on={bot.callSettingsVersion > 0} labels={[t('Answers calls'), t('Call Options missing')]} /> : '–'),
          },
          {
            title: t('Open'),
            show: (bot) => (
              <Group gap="sm" wrap="nowrap">
                {bot.enabledCall && (
                  <TextLink to="/chatbots/$chatbotId/call-settings" params={{ chatbotId: bot.chatbotId }} size="sm">
                    {t('Call Options')}
                  </TextLink>
                )}
                <TextLink to="/chatbots/$chatbotId/widget" params={{ chatbotId: bot.chatbotId }} size="sm">
                  {t('Widget')}
                </TextLink>
              </Group>
            ),
          },
        ]}
      />
    </Page>
  );
}
