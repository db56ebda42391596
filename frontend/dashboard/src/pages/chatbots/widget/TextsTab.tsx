/** Branding, and how the chat behaves. */

import { Select, SimpleGrid } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { LongField, SliderField, SwitchField, TextField } from '../../../forms/Fields.tsx';
import { Section } from '../../../forms/Section.tsx';
import type { TabProps } from './draft.ts';

export function BrandingTab({ form, chat, call }: TabProps) {
  const { t } = useTranslation();
  return (
    <>
      <Section title={t('Branding')}>
        <TextField form={form} path="branding.logoUrl" label={t('Company Logo')} help={t('Address of a PNG, SVG or JPG, 200×60 recommended, transparent')} placeholder="https://" />
      </Section>
      {call && (
        <Section title={t('Texts of calls')}>
          <LongField
            form={form}
            path="branding.callWelcomeMessage"
            label={t('Call Welcome Message')}
            help={`${t('This is the message spoken when a call connects. Also configured in Call Options tab.')} ${t('If different from Call Options greeting, this takes precedence for web widget calls.')}`}
            placeholder={t('The greeting of the Call Options')}
            maxLength={500}
          />
          <TextField form={form} path="branding.endCallMessage" label={t('End Call Message')} help={t('Shown, not spoken')} maxLength={100} />
        </Section>
      )}
      {chat && (
        <Section title={t('Texts of chats')}>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextField form={form} path="branding.title" label={t('Widget Title')} maxLength={60} />
            <TextField form={form} path="branding.subtitle" label={t('Subtitle')} maxLength={100} />
            <TextField form={form} path="branding.inputPlaceholder" label={t('Input Placeholder')} maxLength={50} />
          </SimpleGrid>
          <LongField form={form} path="branding.welcomeMessage" label={t('Welcome Message')} maxLength={500} />
        </Section>
      )}
    </>
  );
}

export function BehaviorTab({ form }: TabProps) {
  const { t } = useTranslation();
  return (
    <Section title={t('Behavior')}>
      <SwitchField form={form} path="behavior.autoOpen" label={t('Auto-Open Chat')} />
      {form.values.behavior.autoOpen && (
        <SliderField form={form} path="behavior.autoOpenDelaySeconds" label={t('Delay')} min={0} max={120} show={(value) => t('{{seconds}} seconds', { seconds: value })} />
      )}
      <SwitchField form={form} path="behavior.soundEffects" label={t('Enable Sound Effects')} />
      <SwitchField form={form} path="behavior.persistence" label={t('Persistence')} help={t('The conversation is still there on the next page')} />
      <SwitchField form={form} path="behavior.typingIndicator" label={t('Show Typing Indicator')} />
      <Select
        label={t('Message Timestamps')}
        allowDeselect={false}
        maw={260}
        data={[
          { value: 'never', label: t('Never') },
          { value: 'hover', label: t('On Hover') },
          { value: 'always', label: t('Always') },
        ]}
        {...form.getInputProps('behavior.messageTimestamps')}
      />
    </Section>
  );
}
