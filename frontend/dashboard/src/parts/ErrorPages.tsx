/** Forbidden, not found, broken. */

import { Button, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

function Message({ title, text, action }: { title: string; text: string; action?: { label: string; run(): void } }) {
  const { t } = useTranslation();
  return (
    <Stack align="flex-start" maw={520} py="xl">
      <Title order={1}>{title}</Title>
      <Text>{text}</Text>
      {action === undefined ? (
        <Button component="a" href="/dashboard" variant="default">
          {t('Back to the start')}
        </Button>
      ) : (
        <Button variant="default" onClick={action.run}>
          {action.label}
        </Button>
      )}
    </Stack>
  );
}

export function Forbidden({ message }: { message?: string }) {
  const { t } = useTranslation();
  return <Message title={t('Not permitted')} text={message ?? t('Your role may not open this page. Ask an administrator of your company.')} />;
}

export function Missing() {
  const { t } = useTranslation();
  return <Message title={t('There is nothing here')} text={t('It may have been moved, or it belongs to another company.')} />;
}

/** The company has no calls: the prescribed sentence. */
export function CallsOff() {
  const { t } = useTranslation();
  return <Message title={t('Calls')} text={t('Call feature not available. Contact support.')} />;
}

export function Broken() {
  const { t } = useTranslation();
  const action = { label: t('Reload'), run: () => location.reload() };
  return <Message title={t('Something went wrong')} text={t('The page could not be shown. Reload it to try again.')} action={action} />;
}
