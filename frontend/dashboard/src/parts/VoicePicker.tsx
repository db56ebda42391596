/** The voices of a model as cards, one of which is chosen; each can be heard. */

import { Badge, Card, Group, Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconGenderFemale, IconGenderMale, IconGenderNeutrois } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Sample } from '../api/previews.ts';
import type { AiModel } from '../api/queries.ts';
import { SampleButton } from './SampleButton.tsx';

export type Voice = AiModel['voices'][number];

export interface VoicePickerProps {
  voices: readonly Voice[];
  value: string | null;
  onChange(value: string): void;
  error?: ReactNode;
  /** What is heard of a voice. */
  sample(voice: Voice): Sample;
}

const GENDERS = { female: IconGenderFemale, male: IconGenderMale, neutral: IconGenderNeutrois };

function VoiceCard({ voice, chosen, sample }: { voice: Voice; chosen: boolean; sample: Sample }) {
  const { t } = useTranslation();
  const id = useId();
  const Icon = GENDERS[voice.gender];
  const gender = { female: t('Female'), male: t('Male'), neutral: t('Neutral') }[voice.gender];
  return (
    <Card padding="sm" className="voice" data-chosen={chosen || undefined}>
      <Stack gap={6}>
        <label className="voice-label" htmlFor={id}>
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            <Text fw={650} size="lg" lh={1.2} style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
              {voice.name}
            </Text>
            <Radio id={id} value={voice.id} aria-describedby={`${id}-about`} />
          </Group>
          <span id={`${id}-about`}>
            <Text span display="block" size="sm" c="dimmed">
              {voice.description}
            </Text>
            <Group component="span" gap={6} mt={6}>
              <Text span size="xs" style={{ display: 'inline-flex', alignItems: 'center', gap: 3 }}>
                <Icon size={14} aria-hidden /> {gender}
              </Text>
              {voice.accent !== '' && (
                <Text span size="xs">
                  {voice.accent}
                </Text>
              )}
              {voice.tones.map((tone) => (
                <Badge key={tone} component="span" size="sm" color="gray">
                  {tone}
                </Badge>
              ))}
            </Group>
          </span>
        </label>
        <SampleButton sample={sample} label={t('Preview Voice')} name={voice.name} />
      </Stack>
    </Card>
  );
}

export function VoicePicker({ voices, value, onChange, error, sample }: VoicePickerProps) {
  const { t } = useTranslation();
  const chosen = voices.find((voice) => voice.id === value);
  return (
    <Stack gap="xs">
      <Radio.Group label={t('Voice')} required value={value} onChange={onChange} error={error}>
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} spacing="sm" mt={6}>
          {voices.map((voice) => (
            <VoiceCard key={voice.id} voice={voice} chosen={voice.id === value} sample={sample(voice)} />
          ))}
        </SimpleGrid>
      </Radio.Group>
      {voices.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('This model has no voices yet.')}
        </Text>
      )}
      {chosen !== undefined && (
        <Text size="sm" role="status">
          <b>{t('Selected Voice: {{name}}', { name: chosen.name })}</b> · {chosen.description} · {t('Voice changes apply to new calls immediately')}
        </Text>
      )}
    </Stack>
  );
}
