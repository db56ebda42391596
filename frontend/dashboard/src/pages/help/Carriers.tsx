/** Guides for phone and WhatsApp, and what to do when they do not work. */

import { Code, List, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Section } from '../../forms/Section.tsx';
import { ButtonLink, TextLink } from '../../parts/links.tsx';
import { Page } from '../../parts/Page.tsx';
import { useSteps } from '../integrations/WebhookSetup.tsx';
import '../../parts/controls.css';

function Points({ items, ordered }: { items: readonly ReactNode[]; ordered?: boolean }) {
  return (
    <List size="sm" spacing={6} type={ordered === true ? 'ordered' : 'unordered'}>
      {items.map((item, index) => (
        <List.Item key={index}>{item}</List.Item>
      ))}
    </List>
  );
}

function useTrail(): ReactNode {
  const { t } = useTranslation();
  return <TextLink to="/help">{t('Guides')}</TextLink>;
}

export function TwilioHelp() {
  const { t } = useTranslation();
  const steps = useSteps('twilio', '+1 555 123 4567');
  return (
    <Page title={t('Phone calls with Twilio')} trail={useTrail()}>
      <Section title={t('What you need')}>
        <Points items={[t('A Twilio account with its Account SID and Auth Token'), t('A phone number that can take voice calls; numbers for SMS only do not work'), t('A chatbot with saved Call Options')]} />
      </Section>
      <Section title={t('Four steps')}>
        <Points
          ordered
          items={[
            t('Add the account under Integrations, test the connection, save it.'),
            t('Set up the webhook: at one click, or by hand as below.'),
            t('Enable phone calls on the Integrations tab of your chatbot.'),
            t('Make a test call, or dial the number.'),
          ]}
        />
        <ButtonLink to="/integrations/new/$kind" params={{ kind: 'twilio' }} variant="default" size="sm" style={{ alignSelf: 'flex-start' }}>
          {t('Add Twilio Account')}
        </ButtonLink>
      </Section>
      <Section title={t('The webhook by hand')}>
        <Points ordered items={steps} />
        <Text size="sm">{t('Optional: paste the status callback URL under “Call Status Changes”. It tells us of calls that end before they are answered.')}</Text>
      </Section>
      <Section title={t('Costs')}>
        <Text size="sm">{t('Twilio bills calls by the minute, apart from what the AI provider charges.')}</Text>
      </Section>
    </Page>
  );
}

export function WhatsAppHelp() {
  const { t } = useTranslation();
  const steps = useSteps('whatsapp', '');
  return (
    <Page title={t('Calls with WhatsApp')} trail={useTrail()}>
      <Section title={t('What you need')}>
        <Points
          items={[
            t('A Meta Business Account with WhatsApp Business API access'),
            t('A verified business number on Meta’s Cloud API'),
            t('The token of a system user, which does not expire, with the permissions for WhatsApp messaging and management'),
            t('The secret of the Meta app'),
          ]}
        />
      </Section>
      <Section title={t('Four steps')}>
        <Points
          ordered
          items={[
            t('Add the account under Integrations, verify the connection, save it.'),
            t('Set up the webhook: at one click, or by hand as below.'),
            t('Enable WhatsApp calls on the Integrations tab of your chatbot.'),
            t('Make a test call, or ring the number from WhatsApp.'),
          ]}
        />
        <ButtonLink to="/integrations/new/$kind" params={{ kind: 'whatsapp' }} variant="default" size="sm" style={{ alignSelf: 'flex-start' }}>
          {t('Add WhatsApp Account')}
        </ButtonLink>
      </Section>
      <Section title={t('The webhook by hand')}>
        <Points ordered items={steps} />
      </Section>
      <Section title={t('Good to know')}>
        <Points
          items={[
            t('Sound travels as Opus; how good it is depends on the caller’s connection.'),
            t('Before your chatbot may call somebody, WhatsApp asks them for permission. Meta limits how often it may ask.'),
            t('Meta may verify your business before it raises your limits.'),
          ]}
        />
      </Section>
    </Page>
  );
}

export function Troubleshooting() {
  const { t } = useTranslation();
  return (
    <Page title={t('Troubleshooting integrations')} trail={useTrail()} description={t('The account’s card says what its last check found; its webhook log says what the carrier sent.')}>
      <Section title={t('What the check says')}>
        <Points
          items={[
            <span key="c"><b>{t('Invalid credentials')}</b>: {t('Copy SID and token, or the access token, again; a token that was renewed replaces the old one at once.')}</span>,
            <span key="e"><b>{t('Token expired')}</b>: {t('Make a token of a system user: it does not expire.')}</span>,
            <span key="n"><b>{t('Phone number not found')}</b>: {t('The number must be in this account, written with its country code.')}</span>,
            <span key="p"><b>{t('Insufficient permissions')}</b>: {t('The token needs')} <Code>whatsapp_business_messaging</Code> <Code>whatsapp_business_management</Code></span>,
          ]}
        />
      </Section>
      <Section title={t('Calls do not arrive')}>
        <Points
          items={[
            t('No webhook events: set up the webhook again at one click. A number that belongs to a SIP trunk or a TwiML app ignores it.'),
            t('Events are rejected: another app or account signs them. Check the auth token, or the app secret.'),
            t('Events come, calls do not: enable the channel on the chatbot’s Integrations tab and save its Call Options.'),
            t('TwiML errors in Twilio’s console: the webhook must be called by HTTP POST at exactly the address shown.'),
          ]}
        />
      </Section>
      <Section title={t('Poor sound or dropped calls')}>
        <Points
          items={[
            t('Phone lines carry 8 kHz; that is how telephones sound.'),
            t('Try another network: on WhatsApp a weak mobile connection is the usual cause.'),
            t('The call’s page names why it ended and who ended it.'),
          ]}
        />
      </Section>
    </Page>
  );
}
