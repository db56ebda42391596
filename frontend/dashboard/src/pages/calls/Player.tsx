/** A two-channel recording: the caller above, the AI below; the picture is also the seek bar. */

import { ActionIcon, Anchor, Card, Group, Select, Text, Title } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clock } from '../../text/format.ts';
import { readPeaks } from './wave.ts';
import type { Peaks } from './wave.ts';

const BUCKETS = 400;
const HEIGHT = 96;

function draw(canvas: HTMLCanvasElement, peaks: Peaks, share: number): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const scale = window.devicePixelRatio;
  canvas.width = canvas.clientWidth * scale;
  canvas.height = HEIGHT * scale;
  const style = getComputedStyle(canvas);
  const colors = [style.getPropertyValue('--caller'), style.getPropertyValue('--agent')];
  const lane = canvas.height / peaks.channels.length;
  const width = canvas.width / BUCKETS;
  peaks.channels.forEach((channel, index) => {
    context.fillStyle = colors[index] ?? colors[0] ?? '#000';
    const middle = lane * (index + 0.5);
    channel.forEach((peak, bucket) => {
      context.globalAlpha = bucket / BUCKETS <= share ? 1 : 0.45;
      const height = Math.max(scale, Math.min(1, peak * 1.4) * lane * 0.92);
      context.fillRect(bucket * width, middle - height / 2, Math.max(1, width - scale), height);
    });
  });
}

function usePeaks(url: string): Peaks | null {
  const [peaks, setPeaks] = useState<Peaks | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    // Where the storage does not let pages read it, there is sound without a picture.
    readPeaks(url, BUCKETS, abort.signal).then(setPeaks, () => setPeaks(null));
    return () => abort.abort();
  }, [url]);
  return peaks;
}

export interface PlayerProps {
  url: string;
  /** The call is longer than its recording, which begins once its announcement was heard and runs to the end. */
  callSeconds: number | null;
  /** Where in the call to go; a new object goes there again. */
  wanted: { seconds: number } | null;
  /** In seconds of the call. */
  onPosition(seconds: number): void;
  onExpired(): void;
}

/** How much of a call had passed when its recording began. */
export function headStart(callSeconds: number | null, recordingSeconds: number): number {
  return callSeconds === null || recordingSeconds === 0 ? 0 : Math.max(0, callSeconds - recordingSeconds);
}

export function Player({ url, callSeconds, wanted, onPosition, onExpired }: PlayerProps) {
  const { t } = useTranslation();
  const audio = useRef<HTMLAudioElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { ref: box, width } = useElementSize();
  const peaks = usePeaks(url);
  const [playing, setPlaying] = useState(false);
  const [position, setPosition] = useState(0);
  const [length, setLength] = useState(0);
  const seconds = length || peaks?.seconds || 0;
  const start = headStart(callSeconds, seconds);
  useEffect(() => {
    if (canvas.current !== null && peaks !== null) draw(canvas.current, peaks, seconds > 0 ? position / seconds : 0);
  }, [peaks, position, seconds, width]);
  const seek = (to: number): void => {
    if (audio.current !== null) audio.current.currentTime = Math.max(0, Math.min(seconds, to));
  };
  useEffect(() => {
    if (wanted === null || audio.current === null) return;
    audio.current.currentTime = Math.max(0, wanted.seconds - headStart(callSeconds, audio.current.duration || 0));
    void audio.current.play().catch(() => undefined);
  }, [wanted, callSeconds]);
  const keys: Record<string, number> = { ArrowLeft: position - 5, ArrowRight: position + 5, Home: 0, End: seconds };
  return (
    <Card component="section" aria-label={t('Recording')}>
      <audio
        ref={audio}
        src={url}
        preload="metadata"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onLoadedMetadata={(event) => setLength(event.currentTarget.duration)}
        onTimeUpdate={(event) => {
          setPosition(event.currentTarget.currentTime);
          onPosition(start + event.currentTarget.currentTime);
        }}
        onError={onExpired}
      />
      <Group justify="space-between" mb="xs">
        <Title order={2}>{t('Recording')}</Title>
        <Group gap="md">
          <Text size="xs" fw={600} c="var(--caller)">
            ▬ {t('Caller')}
          </Text>
          <Text size="xs" fw={600} c="var(--agent)">
            ▬ {t('Agent')}
          </Text>
        </Group>
      </Group>
      <div
        ref={box}
        role="slider"
        tabIndex={0}
        aria-label={t('Position')}
        aria-valuemin={0}
        aria-valuemax={Math.round(seconds)}
        aria-valuenow={Math.round(position)}
        aria-valuetext={t('{{position}} of {{length}}', { position: clock(position), length: clock(seconds) })}
        style={{ cursor: 'pointer', minHeight: HEIGHT }}
        onPointerDown={(event) => {
          const area = event.currentTarget.getBoundingClientRect();
          seek(((event.clientX - area.left) / area.width) * seconds);
        }}
        onKeyDown={(event) => {
          const to = keys[event.key];
          if (to === undefined) return;
          event.preventDefault();
          seek(to);
        }}
      >
        <canvas ref={canvas} style={{ width: '100%', height: HEIGHT, display: 'block' }} aria-hidden="true" />
      </div>
      <Group mt="xs" gap="sm">
        <ActionIcon
          size="lg"
          radius="xl"
          aria-label={playing ? t('Pause') : t('Play')}
          onClick={() => void (playing ? audio.current?.pause() : audio.current?.play().catch(() => undefined))}
        >
          {playing ? <IconPlayerPauseFilled size={18} aria-hidden /> : <IconPlayerPlayFilled size={18} aria-hidden />}
        </ActionIcon>
        <Text size="sm" ff="monospace">
          {clock(position)} / {clock(seconds)}
        </Text>
        <Select
          size="xs"
          w={84}
          aria-label={t('Speed')}
          allowDeselect={false}
          data={['0.75', '1', '1.25', '1.5', '2'].map((value) => ({ value, label: `${value}×` }))}
          defaultValue="1"
          onChange={(value) => {
            if (audio.current !== null) audio.current.playbackRate = Number(value ?? 1);
          }}
        />
        <Anchor href={url} download size="sm" ml="auto">
          {t('Download recording')}
        </Anchor>
      </Group>
    </Card>
  );
}
