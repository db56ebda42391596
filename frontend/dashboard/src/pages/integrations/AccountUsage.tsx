/** What goes over an account: this month, now, and day by day. */

import { Anchor, Card, Modal, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { getAccountUsage } from '@call/client/sdk.gen';
import type { GroupOut } from '@call/client/types.gen';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { TextLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/States.tsx';
import { clock } from '../../text/format.ts';
import type { Account } from './accounts.ts';

const HEIGHT = 72;

/** Bars with a table behind them for those who do not see them. */
function Trend({ days }: { days: GroupOut[] }) {
  const { t } = useTranslation();
  const most = Math.max(0, ...days.map((day) => day.sums.calls));
  const width = 100 / Math.max(1, days.length);
  return (
    <figure style={{ margin: 0 }}>
      <Text component="figcaption" size="sm" fw={600} mb={6}>
        {t('Call volume, last 30 days (at most {{calls}} a day)', { calls: most })}
      </Text>
      <svg viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" width="100%" height={HEIGHT} aria-hidden="true">
        {days.map((day, index) => {
          const height = (day.sums.calls / Math.max(1, most)) * (HEIGHT - 2) + 1;
          return <rect key={day.key} x={index * width + width * 0.12} y={HEIGHT - height} width={width * 0.76} height={height} fill="var(--agent)" />;
        })}
      </svg>
      <table className="visually-hidden">
        <tbody>
          {days.map((day) => (
            <tr key={day.key}>
              <th scope="row">{day.label}</th>
              <td>{day.sums.calls}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function Figure({ label, value }: { label: string; value: string | number }) {
  return (
    <Card padding="sm">
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fw={650} size="lg">
        {value}
      </Text>
    </Card>
  );
}

export function AccountUsage({ account, onClose }: { account: Account; onClose(): void }) {
  const { t } = useTranslation();
  const usage = useQuery({ queryKey: ['account-usage', account.accountId], queryFn: () => answer(getAccountUsage({ path: { account_id: account.accountId } })) });
  return (
    <Modal opened onClose={onClose} size="lg" title={t('Usage of {{name}}', { name: account.name })}>
      <Loaded query={usage} what={t('Loading the usage')}>
        {(found) => (
          <Stack>
            <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
              <Figure label={t('Calls this month')} value={found.month.calls} />
              <Figure label={t('Active now')} value={found.activeCalls} />
              <Figure label={t('Average duration')} value={found.month.averageSeconds === null ? '–' : clock(found.month.averageSeconds)} />
              <Figure label={t('Error rate')} value={found.month.errorRate === null ? '–' : `${found.month.errorRate} %`} />
            </SimpleGrid>
            <Trend days={found.trend} />
            <div>
              <Title order={3} mb={4}>
                {t('Chatbots that use this account')}
              </Title>
              {found.chatbots.length === 0 ? (
                <Text size="sm" c="dimmed">
                  {t('None yet. Connect one on its Integrations tab.')}
                </Text>
              ) : (
                found.chatbots.map((bot) => (
                  <TextLink key={bot.chatbotId} to="/chatbots/$chatbotId/integrations" params={{ chatbotId: bot.chatbotId }} display="block" size="sm">
                    {bot.name}
                  </TextLink>
                ))
              )}
            </div>
            <Text size="sm" c="dimmed">
              {t('Integration costs (Twilio, WhatsApp) are billed directly by the provider. This dashboard shows usage, not costs.')}{' '}
              <Anchor href={found.billingUrl} target="_blank" rel="noreferrer" size="sm" underline="always">
                {t('Billing page of the provider')} <IconExternalLink size={13} aria-hidden />
              </Anchor>
            </Text>
          </Stack>
        )}
      </Loaded>
    </Modal>
  );
}
