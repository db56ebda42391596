/** A company's first page: what to do next, and the latest calls. */

import { Card, SimpleGrid, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCircleCheck, IconCircleDashed, IconHistory } from '@tabler/icons-react';
import { listCalls, listChatbots } from '@call/client/sdk.gen';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answer } from '../api/http.ts';
import { meQuery } from '../api/queries.ts';
import { ButtonLink, TextLink } from '../parts/links.tsx';
import { Page } from '../parts/Page.tsx';
import { Empty, Loaded } from '../parts/States.tsx';
import { CallRows } from './calls/CallRows.tsx';

function Step({ done, title, children }: { done: boolean; title: string; children: React.ReactNode }) {
  const { t } = useTranslation();
  return (
    <Card>
      <Stack gap={6} h="100%">
        <ThemeIcon variant="light" color={done ? 'green' : 'gray'} radius="xl" size={34} aria-hidden>
          {done ? <IconCircleCheck size={20} /> : <IconCircleDashed size={20} />}
        </ThemeIcon>
        <Title order={2} size="h3">
          {title}
        </Title>
        <Text size="xs" fw={600} c="dimmed">
          {done ? t('Done') : t('To do')}
        </Text>
        <Text size="sm" c="dimmed" component="div">
          {children}
        </Text>
      </Stack>
    </Card>
  );
}

export function Overview() {
  const { t } = useTranslation();
  const me = useQuery(meQuery);
  const chatbots = useQuery({ queryKey: ['chatbots', 'first'], queryFn: () => answer(listChatbots({ query: { limit: 100 } })) });
  const calls = useQuery({ queryKey: ['calls', 'latest'], queryFn: () => answer(listCalls({ query: { limit: 5 } })) });
  const callEnabled = me.data?.callEnabled === true;
  return (
    <Page title={t('Overview')} description={t('How far your company is, and who called last.')}>
      <Loaded query={chatbots} what={t('Loading your chatbots')}>
        {({ items }) => {
          const answering = items.filter((bot) => bot.enabledCall && bot.callSettingsVersion > 0);
          return (
            <SimpleGrid cols={{ base: 1, sm: 3 }}>
              <Step done={callEnabled} title={t('Call feature')}>
                {callEnabled ? t('Calls are switched on for your company.') : t('Call feature not available. Contact support.')}
              </Step>
              <Step done={items.length > 0} title={t('A chatbot')}>
                {items.length > 0 ? (
                  <TextLink to="/chatbots">{t('Your chatbots: {{number}}', { number: items.length })}</TextLink>
                ) : (
                  <TextLink to="/chatbots/new">{t('Create one from a package')}</TextLink>
                )}
              </Step>
              <Step done={answering.length > 0} title={t('Ready for calls')}>
                {answering.length > 0
                  ? t('Chatbots that answer calls: {{number}}', { number: answering.length })
                  : t('A chatbot answers calls once its Call Options are saved.')}
              </Step>
            </SimpleGrid>
          );
        }}
      </Loaded>
      <Title order={2}>{t('Latest calls')}</Title>
      <Loaded query={calls} what={t('Loading calls')}>
        {({ items }) =>
          items.length > 0 ? (
            <>
              <CallRows calls={items} />
              <div>
                <ButtonLink to="/calls" variant="default">
                  {t('All calls')}
                </ButtonLink>
              </div>
            </>
          ) : (
            <Empty icon={<IconHistory />} title={t('No calls yet')}>
              {t('Calls appear here as soon as somebody talks to one of your chatbots.')}
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}
