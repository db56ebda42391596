/** How long a call may last and how it ends. */

import { List, Radio, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { zCallSettings } from '@call/client/zod.gen';
import { SliderField, TextField } from '../../../forms/Fields.tsx';
import { limitsOf } from '../../../forms/limits.ts';
import { Section } from '../../../forms/Section.tsx';
import type { SettingsForm } from './draft.ts';

function Details({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <details>
      <summary>
        <Text span size="sm">
          {title}
        </Text>
      </summary>
      <Text size="sm" c="dimmed" component="div" mt={6}>
        {children}
      </Text>
    </details>
  );
}

export function TimingSection({ form }: { form: SettingsForm }) {
  const { t } = useTranslation();
  const length = limitsOf(zCallSettings, 'maxDurationMinutes');
  const silence = limitsOf(zCallSettings, 'silenceTimeoutSeconds');
  return (
    <Section title={t('Length and end of a call')}>
      <SliderField
        form={form}
        path="maxDurationMinutes"
        label={t('Maximum Call Duration')}
        help={t('Calls automatically end after this duration to prevent overages. Choose a duration appropriate for your use case.')}
        min={length.min ?? 1}
        max={length.max ?? 60}
        show={(value) => t('{{minutes}} minutes', { minutes: value })}
        warning={form.values.maxDurationMinutes > 45 ? t('Long call durations may result in high costs. Ensure your budget supports this.') : null}
      />
      <Details title={t('Which duration fits, and what the caller hears')}>
        <List size="sm">
          <List.Item>{t('Quick inquiries: 5-10 minutes')}</List.Item>
          <List.Item>{t('Customer support: 15-20 minutes')}</List.Item>
          <List.Item>{t('Sales calls: 20-30 minutes')}</List.Item>
          <List.Item>{t('Technical support: 30-45 minutes')}</List.Item>
          <List.Item>
            {t('One minute before the end:')} “I want to let you know we have about a minute left on this call. Is there anything else I can help you with?”
          </List.Item>
          <List.Item>
            {t('At the end:')} “Thank you for calling. Our time is up for this call. Please call back if you need further assistance. Goodbye!”
          </List.Item>
        </List>
      </Details>
      <SliderField
        form={form}
        path="silenceTimeoutSeconds"
        label={t('Silence Timeout')}
        help={t('If the caller is silent for this duration, the call will end automatically.')}
        min={silence.min ?? 30}
        max={silence.max ?? 300}
        step={15}
        show={(value) => t('{{seconds}} seconds ({{minutes}} minutes)', { seconds: value, minutes: Number((value / 60).toFixed(2)) })}
      />
      <Details title={t('Which timeout fits, and what the caller hears')}>
        <List size="sm">
          <List.Item>{t('30-60 seconds: many short calls')}</List.Item>
          <List.Item>{t('2-3 minutes: usual customer service')}</List.Item>
          <List.Item>{t('4-5 minutes: callers who have to look things up')}</List.Item>
          <List.Item>50 %: “Are you still there? Please let me know if you need anything else.”</List.Item>
          <List.Item>75 %: “I haven't heard from you for a while. If you're still there, please say something or I'll need to end the call.”</List.Item>
          <List.Item>100 %: “I haven't heard from you, so I'll end the call now. Thank you for calling. Goodbye!”</List.Item>
        </List>
      </Details>
      <Stack gap="xs">
        <TextField
          form={form}
          path="endPhrase"
          label={t('End Call Phrase')}
          help={t('User can say this word to end the call immediately')}
          placeholder="goodbye"
          required
          {...limitsOf(zCallSettings, 'endPhrase')}
        />
        <Text size="xs" c="dimmed">
          {t('Upper and lower case are the same. Other good phrases: “bye”, “end call”, “hang up”.')}
        </Text>
        <Radio.Group label={t('Where it counts')} {...form.getInputProps('endPhraseMatch')}>
          <Stack gap={6} mt={4}>
            <Radio value="anywhere" label={t('Anywhere in a sentence')} description={t('“Okay, goodbye!” ends the call, and so does “before I say goodbye …”.')} />
            <Radio value="end_of_utterance" label={t('Only as the last words')} />
          </Stack>
        </Radio.Group>
      </Stack>
    </Section>
  );
}
