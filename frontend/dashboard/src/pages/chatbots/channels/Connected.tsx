/** An account whose calls the chatbot takes. */

import { Accordion, Alert, Button, Group, List, Stack, Switch, Text } from '@mantine/core';
import { IconUsersGroup } from '@tabler/icons-react';
import type { AccountChannelOut } from '@call/client/types.gen';
import { useTranslation } from 'react-i18next';
import { OnOff } from '../../../parts/Badges.tsx';
import { When } from '../../../parts/When.tsx';
import { AccountState } from '../../integrations/AccountCard.tsx';
import { spaced } from '../../integrations/accounts.ts';
import type { Account } from '../../integrations/accounts.ts';
import { WebhookSetup } from '../../integrations/WebhookSetup.tsx';
import { Activity } from './WebChannel.tsx';
import '../../../parts/controls.css';

export interface ConnectedProps {
  channel: AccountChannelOut;
  account: Account;
  chatbotId: string;
  onTest(): void;
  onChange(): void;
  onDisable(): void;
  onOutbound(enabled: boolean): void;
}

function useLines(channel: AccountChannelOut): string[] {
  const { t } = useTranslation();
  if (channel.kind === 'whatsapp') {
    return [
      t('Users can call this WhatsApp number to speak with the AI agent'),
      t("Calls use WhatsApp's voice calling feature"),
      t('Requires WhatsApp Business API access'),
    ];
  }
  return [
    t('Users can call {{number}} to speak with the AI agent', { number: channel.phoneNumber }),
    t("Calls are routed through Twilio's voice network"),
    t('Standard phone carrier rates apply to callers'),
  ];
}

export function Connected({ channel, account, chatbotId, onTest, onChange, onDisable, onOutbound }: ConnectedProps) {
  const { t } = useTranslation();
  const lines = useLines(channel);
  const phone = channel.kind === 'twilio';
  const facts: [string, string][] = phone
    ? [
        [t('Webhook'), channel.webhookConfigured ? t('Configured') : t('Not Configured')],
        [t('TwiML'), t('Made for each call: connects it to a media stream')],
        [t('Audio codec'), 'PCMU 8kHz'],
      ]
    : [
        [t('Webhook URL in use'), channel.webhookUrl],
        [t('WebRTC'), t('Set up for each call by its offer and answer; Opus, 48 kHz')],
        [t('Webhook'), channel.webhookConfigured ? t('Configured') : t('Not Configured')],
      ];
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <AccountState status={channel.status} />
        <Text fw={600}>{channel.name}</Text>
        <Text>{spaced(channel.maskedNumber)}</Text>
        {channel.lastVerifiedAt !== null && (
          <Text size="sm" c="dimmed">
            {t('Last verified')} <When iso={channel.lastVerifiedAt} />
          </Text>
        )}
      </Group>
      {channel.lastError !== '' && <Alert color="red" variant="light">{channel.lastError}</Alert>}
      {channel.sharedWith.length > 0 && (
        <Alert variant="light" color="gray" icon={<IconUsersGroup aria-hidden />}>
          {channel.answersByDefault
            ? t('Other chatbots take calls of this account, too. This one answers unless the address names another.')
            : t('Another chatbot of this account answers by default; calls reach this one by the address below, which names it.')}
        </Alert>
      )}
      <Group gap="xs">
        <Text size="sm">{t('Incoming calls')}</Text>
        <OnOff on={channel.status === 'active'} labels={[t('Enabled'), t('Disabled')]} />
        <Text size="sm" ml="md">
          {t('Outgoing calls')}
        </Text>
        <OnOff on={channel.outboundEnabled} labels={[t('Enabled'), t('Disabled')]} />
      </Group>
      <Activity activity={channel.activity} />
      <Group gap="xs">
        <Button size="sm" variant="light" onClick={onTest}>
          {phone ? t('Test Phone Call') : t('Test Call')}
        </Button>
        <Button size="sm" variant="default" onClick={onChange}>
          {t('Change Account')}
        </Button>
        <Button size="sm" variant="default" color="red" onClick={onDisable}>
          {phone ? t('Disable phone calls') : t('Disable WhatsApp')}
        </Button>
      </Group>
      <Accordion variant="contained" multiple>
        <Accordion.Item value="how">
          <Accordion.Control>{t('How It Works')}</Accordion.Control>
          <Accordion.Panel>
            <List size="sm">
              {lines.map((line) => (
                <List.Item key={line}>{line}</List.Item>
              ))}
            </List>
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="webhook">
          <Accordion.Control>{t('Webhook Configuration')}</Accordion.Control>
          <Accordion.Panel>
            <WebhookSetup account={account} editor chatbotId={channel.answersByDefault || !phone ? undefined : chatbotId} />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="outbound">
          <Accordion.Control>{t('Configure Outbound Calls')}</Accordion.Control>
          <Accordion.Panel>
            <Switch
              label={t('Enable outbound calls')}
              description={t('Counts for every chatbot of this account. Where calls may go is set on the Integration Accounts page.')}
              checked={channel.outboundEnabled}
              onChange={(event) => onOutbound(event.currentTarget.checked)}
            />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="details">
          <Accordion.Control>{t('Technical Details')}</Accordion.Control>
          <Accordion.Panel>
            <List size="sm" listStyleType="none">
              {facts.map(([label, value]) => (
                <List.Item key={label} style={{ overflowWrap: 'anywhere' }}>
                  <b>{label}:</b> {value}
                </List.Item>
              ))}
              <List.Item>
                <b>{t('Last call:')}</b> {channel.activity.lastCallAt === null ? t('none in 30 days') : <When iso={channel.activity.lastCallAt} />}
              </List.Item>
            </List>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}
