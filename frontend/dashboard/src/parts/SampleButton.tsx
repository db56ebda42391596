/** Plays a voice's sample: idle, loading, playing with Stop, failed. */

import { Button, Text } from '@mantine/core';
import { IconPlayerStopFilled, IconVolume } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

type Phase = 'idle' | 'loading' | 'playing' | 'played' | 'failed' | 'silent';

export function SampleButton({ url, name }: { url: string; name: string }) {
  const { t } = useTranslation();
  const [phase, setPhase] = useState<Phase>('idle');
  const sound = useRef<HTMLAudioElement | null>(null);
  useEffect(() => () => sound.current?.pause(), []);
  const stop = (): void => {
    sound.current?.pause();
    setPhase('idle');
  };
  const play = (): void => {
    const audio = new Audio(url);
    sound.current = audio;
    audio.onplaying = () => setPhase('playing');
    audio.onended = () => setPhase('played');
    audio.onerror = () => setPhase('failed');
    setPhase('loading');
    audio.play().catch((error: unknown) => setPhase(error instanceof DOMException && error.name === 'NotAllowedError' ? 'silent' : 'failed'));
  };
  const playing = phase === 'playing';
  const notes: Partial<Record<Phase, string>> = {
    played: t('Preview played successfully'),
    failed: t('Unable to generate preview. Please try again.'),
    silent: t('Unable to play audio. Check your speakers.'),
  };
  return (
    <div>
      <Button
        size="compact-sm"
        variant="default"
        loading={phase === 'loading'}
        leftSection={playing ? <IconPlayerStopFilled size={14} aria-hidden /> : <IconVolume size={15} aria-hidden />}
        aria-label={playing ? t('Stop the preview of {{name}}', { name }) : t('Preview Voice: {{name}}', { name })}
        onClick={playing ? stop : play}
      >
        {playing ? t('Playing...') : t('Preview Voice')}
      </Button>
      <Text size="xs" c="dimmed" role="status">
        {notes[phase]}
      </Text>
    </div>
  );
}
