/** Section 1: which model speaks, and with which voice. */

import { Accordion, Alert, Select, Stack } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { sampleOf } from '../../../api/previews.ts';
import type { AiModel } from '../../../api/queries.ts';
import { SliderField } from '../../../forms/Fields.tsx';
import { Section } from '../../../forms/Section.tsx';
import { ModelCard, modelOptions } from '../../../parts/ModelCard.tsx';
import { SampleButton } from '../../../parts/SampleButton.tsx';
import { VoicePicker } from '../../../parts/VoicePicker.tsx';
import { daysLeft, modifiers } from './draft.ts';
import type { SettingsForm } from './draft.ts';

const WARN_DAYS = 90;

function ModelWarnings({ model, models }: { model: AiModel | undefined; models: AiModel[] }) {
  const { t } = useTranslation();
  if (model === undefined) {
    return (
      <Alert color="yellow" variant="light" role="status" icon={<IconAlertTriangle aria-hidden />}>
        {t('A call model must be selected before chatbot can accept calls')}
      </Alert>
    );
  }
  const left = daysLeft(model, Date.now());
  if (left === null || left > WARN_DAYS) return null;
  const next = models.find((found) => found.id === model.successorId)?.name ?? t('another model');
  return (
    <Alert color="yellow" variant="light" role="status" icon={<IconAlertTriangle aria-hidden />}>
      {t('This model is deprecated and may be removed in the future. Consider switching to {{name}}.', { name: next })}
    </Alert>
  );
}

function VoiceModifiers({ form, model }: { form: SettingsForm; model: AiModel | undefined }) {
  const { t } = useTranslation();
  const can = modifiers(model);
  const { voice } = form.values;
  if (model === undefined || !can.any) return null;
  return (
    <Accordion variant="contained">
      <Accordion.Item value="voice">
        <Accordion.Control>{t('Advanced Voice Settings')}</Accordion.Control>
        <Accordion.Panel>
          <Stack>
            {can.pitch && (
              <SliderField form={form} path="voice.pitchPercent" label={t('Pitch')} help={t('Adjust voice pitch higher or lower')} min={-20} max={20} show={(value) => `${value > 0 ? '+' : ''}${value}%`} />
            )}
            {can.speed && (
              <SliderField
                form={form}
                path="voice.speed"
                label={t('Speed')}
                help={t('Adjust speaking speed')}
                min={0.5}
                max={1.5}
                step={0.05}
                show={(value) => `${value.toFixed(2)}x`}
                warning={form.values.voice.speed > 1.25 ? t('Very fast speech may reduce comprehension') : null}
              />
            )}
            {can.pitch && (
              <SliderField
                form={form}
                path="voice.stability"
                label={t('Stability')}
                help={t('Higher values make voice more consistent, lower values add variation')}
                min={0}
                max={1}
                step={0.1}
                show={(value) => value.toFixed(1)}
              />
            )}
            <SampleButton sample={sampleOf({ aiModelId: model.id, voice })} label={t('Preview Voice')} disabled={voice.voiceId === ''} />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

export function VoiceSection({ form, models }: { form: SettingsForm; models: AiModel[] }) {
  const { t } = useTranslation();
  const { aiModelId, voice } = form.values;
  const model = models.find((found) => found.id === aiModelId);
  const { value, ...input } = form.getInputProps('aiModelId') as { value: string };
  return (
    <Section title={t('Call AI Model')}>
      <Select
        label={t('AI Model')}
        description={t('What a call costs depends on the model.')}
        required
        searchable
        allowDeselect={false}
        nothingFoundMessage={t('No model has this name')}
        data={modelOptions(models)}
        {...input}
        value={value || null}
        onChange={(chosen) => {
          form.setFieldValue('aiModelId', chosen ?? '');
          const voices = models.find((found) => found.id === chosen)?.voices ?? [];
          if (!voices.some((found) => found.id === voice.voiceId)) form.setFieldValue('voice.voiceId', '');
        }}
      />
      {model !== undefined && <ModelCard model={model} />}
      <ModelWarnings model={model} models={models} />
      {model !== undefined && (
        <VoicePicker
          voices={model.voices}
          value={voice.voiceId || null}
          onChange={(chosen) => form.setFieldValue('voice.voiceId', chosen)}
          error={form.errors['voice.voiceId']}
          sample={({ id }) => sampleOf({ aiModelId: model.id, voice: { ...voice, voiceId: id } })}
        />
      )}
      <VoiceModifiers form={form} model={model} />
    </Section>
  );
}
