/** Everything the settings say, on one page to read. */

import { Button, Group, Modal, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AiModel } from '../../../api/queries.ts';
import { ButtonLink } from '../../../parts/links.tsx';
import type { Settings } from './draft.ts';

export interface PreviewProps {
  settings: Settings;
  models: AiModel[];
  chatbotId: string;
  /** Unsaved settings cannot be tried. */
  testable: boolean;
  onClose(): void;
}

function useSummary(settings: Settings, models: AiModel[]): [string, string][] {
  const { t } = useTranslation();
  const model = models.find((found) => found.id === settings.aiModelId);
  const onOff = (on: boolean): string => (on ? t('On') : t('Off'));
  const { recording, transcription, vad, audio } = settings;
  return [
    [t('AI Model'), model?.name ?? '–'],
    [t('Voice'), model?.voices.find((voice) => voice.id === settings.voice.voiceId)?.name ?? '–'],
    [t('Call Greeting Message'), settings.greeting],
    [t('Disclosure'), settings.disclosure.enabled ? settings.disclosure.text : onOff(false)],
    [t('Maximum Call Duration'), t('{{minutes}} minutes', { minutes: settings.maxDurationMinutes })],
    [t('Silence Timeout'), t('{{seconds}} seconds', { seconds: settings.silenceTimeoutSeconds })],
    [t('End Call Phrase'), settings.endPhrase],
    [t('Recording'), recording.enabled ? `${onOff(true)}, ${recording.announce ? t('announced') : t('not announced')}` : onOff(false)],
    [t('Retention Period'), recording.retentionDays === null ? t('Indefinite') : t('{{days}} days', { days: recording.retentionDays })],
    [t('Transcription'), onOff(transcription.enabled)],
    [t('Post-call AI summary'), onOff(transcription.postCallSummary)],
    [t('Interruption'), onOff(settings.interruption.allowed)],
    [t('VAD Sensitivity'), vad.sensitivity.toFixed(1)],
    [t('Echo Cancellation'), onOff(audio.echoCancellation)],
    [t('Noise Suppression'), onOff(audio.noiseSuppression)],
    [t('Tools'), settings.tools.enabled ? settings.tools.allowed.join(', ') || t('All') : onOff(false)],
    [
      t('Behavior When Provider Unavailable'),
      {
        reject: t('Reject call with message'),
        queue_for_human: t('Queue for human agent'),
        offer_callback: t('Play maintenance message and offer callback'),
      }[settings.fallback],
    ],
  ];
}

export function Preview({ settings, models, chatbotId, testable, onClose }: PreviewProps) {
  const { t } = useTranslation();
  const summary = useSummary(settings, models);
  return (
    <Modal opened onClose={onClose} size="lg" title={t('Preview Call Settings')}>
      <Table>
        <Table.Tbody>
          {summary.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row" w="42%">
                {label}
              </Table.Th>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="flex-end" mt="md">
        {testable ? (
          <ButtonLink to="/chatbots/$chatbotId/test" params={{ chatbotId }}>
            {t('Test Call')}
          </ButtonLink>
        ) : (
          <Button disabled title={t('Save the settings first')}>
            {t('Test Call')}
          </Button>
        )}
      </Group>
    </Modal>
  );
}
