/** Plays a rendered text: idle, loading, playing with Stop, failed. What was rendered once is not asked for again. */

import { Button, Text } from '@mantine/core';
import { IconPlayerStopFilled, IconVolume } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Sample } from '../api/previews.ts';
import { ApiError } from '../api/http.ts';
import './controls.css';

type Phase = 'idle' | 'loading' | 'playing' | 'played' | 'silent';

export interface SampleButtonProps {
  sample: Sample;
  label: string;
  /** Tells this button from others with the same label. */
  name?: string;
  disabled?: boolean;
}

export function SampleButton({ sample, label, name, disabled }: SampleButtonProps) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [phase, setPhase] = useState<Phase>('idle');
  const [refusal, setRefusal] = useState<string | null>(null);
  const sound = useRef<HTMLAudioElement | null>(null);
  useEffect(() => () => sound.current?.pause(), []);
  const stop = (): void => {
    sound.current?.pause();
    setPhase('idle');
  };
  const play = async (): Promise<void> => {
    setPhase('loading');
    setRefusal(null);
    let blob: Blob;
    try {
      blob = await cache.fetchQuery(sample);
    } catch (error) {
      setRefusal(error instanceof ApiError && error.status > 0 ? error.message : t('Unable to generate preview. Please try again.'));
      setPhase('idle');
      return;
    }
    const address = URL.createObjectURL(blob);
    const audio = new Audio(address);
    sound.current = audio;
    const over = (next: Phase) => () => {
      URL.revokeObjectURL(address);
      setPhase(next);
    };
    audio.onplaying = () => setPhase('playing');
    audio.onended = over('played');
    audio.onerror = over('silent');
    audio.play().catch(over('silent'));
  };
  const playing = phase === 'playing';
  const note = { played: t('Preview played successfully'), silent: t('Unable to play audio. Check your speakers.') };
  const action = playing ? t('Stop') : label;
  return (
    <div>
      <Button
        size="compact-sm"
        variant="default"
        disabled={disabled}
        loading={phase === 'loading'}
        leftSection={playing ? <IconPlayerStopFilled size={14} aria-hidden /> : <IconVolume size={15} aria-hidden />}
        rightSection={
          playing ? (
            <span className="playing-bars" aria-hidden>
              <i />
              <i />
              <i />
            </span>
          ) : undefined
        }
        aria-label={name === undefined ? action : `${action}: ${name}`}
        onClick={playing ? stop : () => void play()}
      >
        {playing ? t('Playing...') : label}
      </Button>
      <Text size="xs" c={refusal === null ? 'dimmed' : 'var(--mantine-color-error)'} role="status">
        {refusal ?? (phase === 'played' || phase === 'silent' ? note[phase] : null)}
      </Text>
    </div>
  );
}
