/** The call model and voice of a package. */

import { Alert, Select, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { PACKAGE_SAMPLE, sampleOf } from '../../api/previews.ts';
import { allModelsQuery } from '../../api/queries.ts';
import { Section } from '../../forms/Section.tsx';
import { Loaded } from '../../parts/States.tsx';
import { ModelCard, modelOptions } from '../../parts/ModelCard.tsx';
import { VoicePicker } from '../../parts/VoicePicker.tsx';
import type { StepProps } from './packageSteps.tsx';

export function ModelStep({ form }: StepProps) {
  const { t } = useTranslation();
  const models = useQuery(allModelsQuery);
  const { enabledCall, aiModelId, voiceId } = form.values;
  return (
    <Section title={t('Model and voice')}>
      {!enabledCall ? (
        <Text size="sm" c="dimmed">
          {t('Chat models are chosen for each agent. Enable calls under Capabilities to choose a voice.')}
        </Text>
      ) : (
        <Loaded query={models} what={t('Loading the models')}>
          {(all) => {
            const offered = all.filter((model) => model.active && model.modelType !== 'chat');
            const chosen = all.find((model) => model.id === aiModelId);
            return (
              <>
                <Select
                  label={t('AI Model')}
                  required
                  searchable
                  data={modelOptions(offered)}
                  {...form.getInputProps('aiModelId')}
                  onChange={(value) => {
                    form.setFieldValue('aiModelId', value);
                    const voices = all.find((model) => model.id === value)?.voices ?? [];
                    if (!voices.some((voice) => voice.id === voiceId)) form.setFieldValue('voiceId', null);
                  }}
                />
                {chosen === undefined ? (
                  <Alert color="yellow" variant="light" role="status" icon={<IconAlertTriangle aria-hidden />}>
                    {t('A call-compatible model must be selected for call-enabled packages')}
                  </Alert>
                ) : (
                  <>
                    <ModelCard model={chosen} />
                    <VoicePicker
                      voices={chosen.voices}
                      value={voiceId}
                      onChange={(value) => form.setFieldValue('voiceId', value)}
                      error={form.errors.voiceId}
                      sample={(voice) => sampleOf({ aiModelId: chosen.id, voice: { voiceId: voice.id }, text: PACKAGE_SAMPLE }, true)}
                    />
                  </>
                )}
              </>
            );
          }}
        </Loaded>
      )}
    </Section>
  );
}
