/** The widget on the company's site: there as soon as the chatbot takes calls. */

import { Badge, Button, Card, Code, Group, List, Stack, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconCircleOff, IconExternalLink, IconWorld } from '@tabler/icons-react';
import type { ActivityOut, WebChannelOut } from '@call/client/types.gen';
import { useTranslation } from 'react-i18next';
import { Copy } from '../../../parts/Copy.tsx';
import { ButtonLink } from '../../../parts/links.tsx';
import { When } from '../../../parts/When.tsx';

export function Activity({ activity }: { activity: ActivityOut }) {
  const { t } = useTranslation();
  return (
    <Group gap="lg">
      <Text size="sm">
        {t('Last call:')} {activity.lastCallAt === null ? t('none in 30 days') : <When iso={activity.lastCallAt} />}
      </Text>
      <Text size="sm">{t('Calls today: {{calls}}', { calls: activity.callsToday })}</Text>
      <Text size="sm">{activity.activeCall ? t('A call is going on') : t('No call right now')}</Text>
    </Group>
  );
}

export function WebChannel({ channel, chatbotId }: { channel: WebChannelOut; chatbotId: string }) {
  const { t } = useTranslation();
  const active = channel.status === 'active';
  return (
    <Card component="section" aria-label={t('Web Widget')}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Group gap="xs">
            <IconWorld size={22} aria-hidden />
            <Title order={2}>{t('Web Widget')}</Title>
          </Group>
          <Badge color={active ? 'green' : 'gray'} leftSection={active ? <IconCircleCheck size={14} aria-hidden /> : <IconCircleOff size={14} aria-hidden />}>
            {active ? t('Active') : t('Inactive')}
          </Badge>
        </Group>
        <Text size="sm" c="dimmed">
          {t('Embed this chatbot on your website with call capability')}
        </Text>
        {!active && <Text size="sm">{t('Save the Call Options first: without them calls are refused.')}</Text>}
        <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {channel.embedCode}
        </Code>
        <Group gap="xs">
          <Copy value={channel.embedCode} label={t('Copy Embed Code')} />
          <Button component="a" href={new URL(channel.previewUrl, location.href).href} target="_blank" rel="noreferrer" size="xs" variant="default" rightSection={<IconExternalLink size={14} aria-hidden />}>
            {t('Preview Widget')}
          </Button>
          <ButtonLink to="/chatbots/$chatbotId/widget" params={{ chatbotId }} size="xs" variant="default">
            {t('Customize Widget')}
          </ButtonLink>
        </Group>
        <div>
          <Text size="sm">{t('This widget includes call functionality. Users can click the call button to initiate voice calls.')}</Text>
          <List size="sm" mt={4}>
            {channel.features.map((feature) => (
              <List.Item key={feature}>{feature}</List.Item>
            ))}
          </List>
        </div>
        <Activity activity={channel.activity} />
      </Stack>
    </Card>
  );
}
