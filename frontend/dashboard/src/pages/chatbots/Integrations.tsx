/** By which channels one chatbot can be called; each is switched on and off by itself, at once. */

import { Stack } from '@mantine/core';
import { listChatbotIntegrations } from '@call/client/sdk.gen';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { chatbotQuery } from '../../api/queries.ts';
import { Loaded } from '../../parts/States.tsx';
import { accountsQuery } from '../integrations/accounts.ts';
import { CarrierChannel } from './channels/CarrierChannel.tsx';
import { WebChannel } from './channels/WebChannel.tsx';

export function IntegrationsPage() {
  const { t } = useTranslation();
  const { chatbotId } = useParams({ from: '/app/chatbots/$chatbotId/integrations' });
  const bot = useQuery(chatbotQuery(chatbotId));
  const accounts = useQuery(accountsQuery);
  const channels = useQuery({
    queryKey: ['channels', chatbotId],
    queryFn: () => answer(listChatbotIntegrations({ path: { chatbot_id: chatbotId } })),
    refetchInterval: 15_000,
  });
  return (
    <Loaded query={channels} what={t('Loading the channels')}>
      {(found) => (
        <Loaded query={accounts} what={t('Loading the accounts')}>
          {(all) => (
            <Stack gap="lg">
              <WebChannel channel={found.web} chatbotId={chatbotId} />
              {(['whatsapp', 'twilio'] as const).map((kind) => (
                <CarrierChannel
                  key={kind}
                  kind={kind}
                  chatbotId={chatbotId}
                  chatbotName={bot.data?.name ?? ''}
                  channels={found.accounts.filter((account) => account.kind === kind)}
                  accounts={all.filter((account) => account.kind === kind)}
                />
              ))}
            </Stack>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}
