/** Section 3: recording, transcription, interruption. */

import { Alert, Checkbox, NumberInput, Radio, Select, Stack, TagsInput, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { zCallSettings } from '@call/client/zod.gen';
import { SwitchField } from '../../../forms/Fields.tsx';
import { limitsOf } from '../../../forms/limits.ts';
import { Section } from '../../../forms/Section.tsx';
import { TextLink } from '../../../parts/links.tsx';
import type { SettingsForm } from './draft.ts';

const box = { type: 'checkbox' } as const;
const LANGUAGES = ['en', 'es', 'fr', 'de', 'it', 'pt', 'nl', 'pl', 'tr', 'ja', 'ko', 'zh', 'hi', 'ar'];

export function RecordingSection({ form }: { form: SettingsForm }) {
  const { t } = useTranslation();
  const { recording } = form.values;
  return (
    <Section title={t('Recording')}>
      <SwitchField form={form} path="recording.enabled" label={t('Enable Call Recording')} help={t('Record all calls for quality assurance and compliance')} />
      <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />}>
        <Text size="sm">
          {t('Recording phone calls may be subject to local laws. Ensure you have proper consent and comply with regulations in your jurisdiction.')}{' '}
          <TextLink to="/help/recording-compliance" size="sm" underline="always">
            {t('Read about compliance')}
          </TextLink>
        </Text>
      </Alert>
      {recording.enabled && (
        <Stack>
          <Checkbox
            label={t('Announce recording to caller')}
            description={`“This call may be recorded for quality and training purposes.” ${t('Ensure compliance with local laws. Some jurisdictions require explicit consent.')}`}
            {...form.getInputProps('recording.announce', box)}
          />
          <Radio.Group label={t('Recording Storage')} {...form.getInputProps('recording.storage')}>
            <Stack gap={6} mt={4}>
              <Radio value="platform" label={t('Store in platform')} />
              <Radio value="external" label={t('External storage')} description={t('Your own storage is not connected. Contact support to set it up.')} disabled={recording.storage !== 'external'} />
            </Stack>
          </Radio.Group>
          <Select
            label={t('Retention Period')}
            description={t('Recordings automatically deleted after retention period')}
            allowDeselect={false}
            maw={300}
            data={[
              { value: '30', label: t('30 days') },
              { value: '90', label: t('90 days') },
              { value: '365', label: t('1 year') },
              { value: 'forever', label: t('Indefinite') },
            ]}
            value={recording.retentionDays === null ? 'forever' : String(recording.retentionDays)}
            onChange={(value) => form.setFieldValue('recording.retentionDays', value === 'forever' ? null : (Number(value) as 30 | 90 | 365))}
          />
        </Stack>
      )}
    </Section>
  );
}

export function TranscriptionSection({ form }: { form: SettingsForm }) {
  const { t, i18n } = useTranslation();
  const { transcription } = form.values;
  const names = new Intl.DisplayNames([i18n.language], { type: 'language' });
  return (
    <Section title={t('Transcription')}>
      <SwitchField
        form={form}
        path="transcription.enabled"
        label={t('Enable Real-time Transcription')}
        help={`${t('Generate live transcripts of calls with timestamps')}. ${t('They are kept in the call history, can be downloaded, and can be shown live in the widget.')}`}
      />
      {transcription.enabled && (
        <Stack>
          <Checkbox label={t('Include confidence scores')} description={t('How sure the model was, for each line')} {...form.getInputProps('transcription.includeConfidence', box)} />
          <Checkbox label={t('Post-call AI summary')} description={t('Purpose, key points, action items and sentiment')} {...form.getInputProps('transcription.postCallSummary', box)} />
          <Select
            label={t('Language of the callers')}
            description={t('Naming it helps to understand names and numbers.')}
            placeholder={t('Recognised by itself')}
            clearable
            clearButtonProps={{ 'aria-label': t('Clear') }}
            searchable
            maw={300}
            data={LANGUAGES.map((value) => ({ value, label: names.of(value) ?? value }))}
            {...form.getInputProps('transcription.language')}
          />
        </Stack>
      )}
    </Section>
  );
}

export function InterruptionSection({ form }: { form: SettingsForm }) {
  const { t } = useTranslation();
  const { interruption } = form.values;
  return (
    <Section title={t('Interruption')}>
      <SwitchField form={form} path="interruption.allowed" label={t('Allow User to Interrupt Agent')} help={t('Allows caller to speak while agent is talking')} />
      <Text size="sm" c="dimmed">
        {interruption.allowed
          ? t('As soon as the caller speaks, the AI stops, forgets the rest of its answer and listens.')
          : t('The AI finishes every answer before it listens; the caller has to wait. Good where everything must be heard.')}
      </Text>
      {interruption.allowed && (
        <>
          <NumberInput
            label={t('Shortest interruption (ms)')}
            description={t('Shorter sounds, such as a cough, do not interrupt.')}
            maw={300}
            step={50}
            {...limitsOf(zCallSettings, 'interruption.debounceMs')}
            {...form.getInputProps('interruption.debounceMs')}
          />
          <TagsInput
            label={t('Words that do not interrupt')}
            description={t('Such as “mhm” or “okay”. Enter adds one.')}
            maxTags={20}
            {...form.getInputProps('interruption.ignoredBackchannels')}
          />
        </>
      )}
    </Section>
  );
}
