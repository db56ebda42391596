/** The own company's calls. */

import { listCalls, listChatbots, searchCalls } from '@call/client/sdk.gen';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { meQuery } from '../../api/queries.ts';
import { Page } from '../../parts/Page.tsx';
import { History } from './History.tsx';

export function OwnCalls() {
  const { t } = useTranslation();
  const me = useQuery(meQuery);
  const mayReadBots = me.data?.permissions.includes('chatbots.read') === true;
  const bots = useQuery({
    queryKey: ['chatbots', 'first'],
    queryFn: () => answer(listChatbots({ query: { limit: 100 } })),
    enabled: mayReadBots,
  });
  const chatbots = (bots.data?.items ?? []).map((bot) => ({ id: bot.chatbotId, name: bot.name }));
  const description = mayReadBots ? t('Every call of your company.') : t('Calls you took part in or that were assigned to you.');
  return (
    <Page title={t('Call history')} description={description}>
      <History chatbots={chatbots} read={(query) => answer(listCalls({ query }))} search={(query) => answer(searchCalls({ query }))} />
    </Page>
  );
}
