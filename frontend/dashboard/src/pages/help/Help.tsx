/** Guides. */

import { Card, Code, List, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Section } from '../../forms/Section.tsx';
import { TextLink } from '../../parts/links.tsx';
import { Page } from '../../parts/Page.tsx';
import '../../parts/controls.css';

export function RecordingHelp() {
  const { t } = useTranslation();
  return (
    <Page title={t('Recording and the law')} trail={<TextLink to="/help">{t('Guides')}</TextLink>} description={t('A summary, no legal advice: ask a lawyer where you and your callers are.')}>
      <Section title={t('Consent')}>
        <Text size="sm">{t('In many places everybody on the line must agree to a recording, in others one side is enough. Calls cross borders: follow the stricter rule.')}</Text>
        <List size="sm">
          <List.Item>{t('Leave the announcement on. Nothing is recorded before it was heard.')}</List.Item>
          <List.Item>{t('Whoever does not want to be recorded needs another way to reach you; name it in your greeting or on your site.')}</List.Item>
          <List.Item>{t('Say in your privacy notice that calls are recorded, why, and for how long.')}</List.Item>
        </List>
      </Section>
      <Section title={t('Keeping and deleting')}>
        <List size="sm">
          <List.Item>{t('Choose the shortest retention period that serves your purpose. Recordings are deleted when it ends.')}</List.Item>
          <List.Item>{t('Every opened recording and transcript is written to the audit log.')}</List.Item>
          <List.Item>{t('In the European Union a caller may ask for their data and for its deletion; answer within a month.')}</List.Item>
        </List>
      </Section>
    </Page>
  );
}

export function Help() {
  const { t } = useTranslation();
  return (
    <Page title={t('Guides')}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card component="section">
          <Stack gap="xs">
            <Title order={2}>{t('Put the widget on your site')}</Title>
            <List type="ordered" size="sm" spacing={6}>
              <List.Item>{t('Save the Call Options of your chatbot.')}</List.Item>
              <List.Item>{t('Copy the embed code from its Widget page and paste it before the end of the page’s body.')}</List.Item>
              <List.Item>
                {t('If your site has a content security policy, allow this address in:')} <Code>script-src connect-src frame-src</Code>
              </List.Item>
              <List.Item>{t('List your sites under Allowed Domains, so that nobody else spends your calls.')}</List.Item>
            </List>
            <Text size="sm">
              {t('Your site needs HTTPS: without it browsers give no microphone. Chrome and Edge from 79, Firefox from 76 and Safari from 14.1 can call.')}
            </Text>
          </Stack>
        </Card>
        <Card component="section">
          <Stack gap="xs">
            <Title order={2}>{t('When something does not work')}</Title>
            <List size="sm" spacing={6}>
              <List.Item>
                <b>{t('The button does not appear.')}</b> {t('The browser’s console says why: usually the domain is not allowed or calls are off.')}
              </List.Item>
              <List.Item>
                <b>{t('The microphone is refused.')}</b> {t('Click lock icon in address bar → Site settings → Microphone → Allow')}
              </List.Item>
              <List.Item>
                <b>{t('The call ends at once.')}</b> {t('Look at its end reason in the call history, and at the check on the Call Options page.')}
              </List.Item>
            </List>
          </Stack>
        </Card>
        <Card component="section">
          <Stack gap="xs">
            <Title order={2}>{t('Phone, WhatsApp and your own system')}</Title>
            <TextLink to="/help/integrations/twilio">{t('Phone calls with Twilio')}</TextLink>
            <TextLink to="/help/integrations/whatsapp">{t('Calls with WhatsApp')}</TextLink>
            <TextLink to="/help/integrations/own-system">{t('Your own system')}</TextLink>
            <TextLink to="/help/integrations/troubleshooting">{t('Troubleshooting integrations')}</TextLink>
          </Stack>
        </Card>
        <Card component="section">
          <Stack gap="xs">
            <Title order={2}>{t('Recording and the law')}</Title>
            <Text size="sm">{t('Consent, announcement, retention and deletion.')}</Text>

              <TextLink to="/help/recording-compliance">{t('Read about compliance')}</TextLink>

          </Stack>
        </Card>
      </SimpleGrid>
    </Page>
  );
}
