/** Around the pages of one chatbot; what a page cannot be used for is not offered. */

import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useNavigate, useParams, useRouterState } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { chatbotQuery, meQuery } from '../../api/queries.ts';
import { Capabilities } from '../../parts/Badges.tsx';
import { CallsOff } from '../../parts/ErrorPages.tsx';
import { TextLink } from '../../parts/links.tsx';
import { Page } from '../../parts/Page.tsx';
import { Loaded } from '../../parts/States.tsx';
import '../../parts/controls.css';

export function ChatbotFrame() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { chatbotId } = useParams({ from: '/app/chatbots/$chatbotId' });
  const path = useRouterState({ select: (state) => state.location.pathname.replace(/\/$/, '') });
  const bot = useQuery(chatbotQuery(chatbotId));
  const me = useQuery(meQuery);
  const base = `/chatbots/${chatbotId}`;
  return (
    <Loaded query={bot} what={t('Loading the chatbot')}>
      {(found) => {
        const calls = found.enabledCall && me.data?.callEnabled === true;
        const tabs: [string, string][] = [
          [`${base}/settings`, t('General')],
          ...(calls ? [[`${base}/call-settings`, t('Call Options')] as [string, string]] : []),
          [`${base}/widget`, t('Widget')],
          ...(calls ? [[`${base}/integrations`, t('Integrations')] as [string, string]] : []),
          ...(calls ? [[`${base}/test`, t('Test')] as [string, string]] : []),
        ];
        const offered = tabs.some(([to]) => to === path);
        return (
          <Page
            title={found.name}
            trail={<TextLink to="/chatbots">{t('Chatbots')}</TextLink>}
            badges={<Capabilities chat={found.enabledChat} call={found.enabledCall} />}
          >
            <Tabs value={path} onChange={(to) => to !== null && void navigate({ to })}>
              <Tabs.List mb="lg">
                {tabs.map(([to, label]) => (
                  <Tabs.Tab key={to} value={to}>
                    {label}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              <Tabs.Panel value={path}>{offered || me.data === undefined ? <Outlet /> : <CallsOff />}</Tabs.Panel>
            </Tabs>
          </Page>
        );
      }}
    </Loaded>
  );
}
