/** What is said when a call begins: disclosure, greeting, and what the AI is told to be. */

import { Accordion, Button, Group, List, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { zCallSettings } from '@call/client/zod.gen';
import { sampleOf } from '../../../api/previews.ts';
import { LongField, SwitchField, TextField } from '../../../forms/Fields.tsx';
import { limitsOf } from '../../../forms/limits.ts';
import { Section } from '../../../forms/Section.tsx';
import { SampleButton } from '../../../parts/SampleButton.tsx';
import { fillTemplate, TEMPLATES } from './draft.ts';
import type { SettingsForm } from './draft.ts';

export interface GreetingProps {
  form: SettingsForm;
  company: string;
  agent: string;
}

function Tips({ form, company, agent }: GreetingProps) {
  const { t } = useTranslation();
  return (
    <Accordion variant="contained">
      <Accordion.Item value="tips">
        <Accordion.Control>{t('Greeting tips and templates')}</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="sm">
            <List size="sm" spacing={2}>
              <List.Item>{t('Keep it under 10 seconds (about 25-30 words)')}</List.Item>
              <List.Item>{t('State who the caller has reached')}</List.Item>
              <List.Item>{t('Be friendly and welcoming')}</List.Item>
              <List.Item>{t('Avoid complex or technical language')}</List.Item>
            </List>
            {TEMPLATES.map((template) => (
              <Group key={template.name} wrap="nowrap" align="flex-start" justify="space-between">
                <Text size="sm">
                  <b>{t(template.name)}</b>: {fillTemplate(template.text, company, agent)}
                </Text>
                <Button
                  size="compact-sm"
                  variant="default"
                  style={{ flexShrink: 0 }}
                  aria-label={t('Use the template {{name}}', { name: t(template.name) })}
                  onClick={() => form.setFieldValue('greeting', fillTemplate(template.text, company, agent))}
                >
                  {t('Use')}
                </Button>
              </Group>
            ))}
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

export function GreetingSection(props: GreetingProps) {
  const { t } = useTranslation();
  const { form, company } = props;
  return (
    <Section title={t('Call Greeting Message')}>
      <LongField
        form={form}
        path="greeting"
        label={t('Call Greeting Message')}
        help={t('This greeting is spoken when the call connects. Keep it natural and conversational.')}
        placeholder={`Hello! Thank you for calling ${company}. How can I assist you today?`}
        required
        {...limitsOf(zCallSettings, 'greeting')}
      />
      <SampleButton
        sample={sampleOf({ aiModelId: form.values.aiModelId, voice: form.values.voice, text: form.values.greeting })}
        label={t('Preview Greeting')}
        disabled={form.values.aiModelId === '' || form.values.voice.voiceId === '' || form.values.greeting.trim() === ''}
      />
      <Tips {...props} />
      <SwitchField form={form} path="disclosure.enabled" label={t('Tell callers that they talk to an AI')} help={t('Said before the greeting. In many places the law asks for it.')} />
      {form.values.disclosure.enabled ? (
        <TextField form={form} path="disclosure.text" label={t('Disclosure')} required {...limitsOf(zCallSettings, 'disclosure.text')} />
      ) : (
        <LongField form={form} path="disclosure.offReason" label={t('Why is it left out?')} help={t('The reason is kept in the audit log.')} required {...limitsOf(zCallSettings, 'disclosure.offReason')} />
      )}
      <LongField
        form={form}
        path="instructions"
        label={t('Instructions')}
        help={t('What the AI knows and how it behaves in calls: who it speaks for, what it may promise, what it must ask.')}
        {...limitsOf(zCallSettings, 'instructions')}
      />
    </Section>
  );
}
