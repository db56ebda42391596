/** What a model is and can do, for the people who choose one. */

import { Card, SimpleGrid, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AiModel } from '../api/queries.ts';
import { perMinute } from '../text/format.ts';
import { PROVIDERS } from '../text/names.ts';

export function modelOptions(models: readonly AiModel[]): { value: string; label: string }[] {
  return models.map((model) => ({
    value: model.id,
    label: `${model.name} · ${PROVIDERS[model.provider]} · ${perMinute(model.prices.estimatedPerMinute)}`,
  }));
}

export function ModelCard({ model }: { model: AiModel }) {
  const { t, i18n } = useTranslation();
  const yes = (on: boolean): string => (on ? t('Yes') : t('No'));
  const facts: [string, string][] = [
    [t('Model'), model.name],
    [t('Provider'), PROVIDERS[model.provider]],
    [t('Supports streaming'), yes(model.supportsStreaming)],
    [t('Supports function calling'), yes(model.supportsFunctionCalling)],
    [t('Supports interruption'), yes(model.capabilities.serverInterruptsOnSpeech || model.capabilities.canCancel)],
    [t('Audio format'), `PCM16 ${model.capabilities.inputRate / 1000}kHz`],
    [t('Max conversation tokens'), new Intl.NumberFormat(i18n.language).format(model.maxConversationTokens)],
    [t('Estimated cost per minute'), perMinute(model.prices.estimatedPerMinute)],
  ];
  return (
    <Card component="section" aria-label={t('About this model')} bg="var(--page)" padding="md">
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm" component="dl" m={0}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <Text component="dt" size="xs" c="dimmed">
              {label}
            </Text>
            <Text component="dd" m={0} size="sm" fw={600}>
              {value}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    </Card>
  );
}
