/** States as an icon and a word, never by colour alone. */

import { Badge, Group } from '@mantine/core';
import {
  IconCheck,
  IconClock,
  IconMessage,
  IconPencil,
  IconPhone,
  IconPhoneOff,
  IconPlugConnectedX,
  IconWaveSine,
  IconX,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

const SIZE = 14;

export function Capabilities({ chat, call }: { chat: boolean; call: boolean }) {
  const { t } = useTranslation();
  return (
    <Group gap={6} wrap="nowrap">
      {chat && (
        <Badge color="blue" leftSection={<IconMessage size={SIZE} aria-hidden />}>
          {t('Chat')}
        </Badge>
      )}
      {call && (
        <Badge color="green" leftSection={<IconPhone size={SIZE} aria-hidden />}>
          {t('Call')}
        </Badge>
      )}
    </Group>
  );
}

export function ModelType({ type }: { type: 'chat' | 'call' | 'both' }) {
  const { t } = useTranslation();
  const [label, icon, color] = {
    chat: [t('Chat'), <IconMessage size={SIZE} aria-hidden />, 'blue'],
    call: [t('Call'), <IconPhone size={SIZE} aria-hidden />, 'green'],
    both: [t('Both'), <IconWaveSine size={SIZE} aria-hidden />, 'violet'],
  }[type] as [string, ReactNode, string];
  return (
    <Badge color={color} leftSection={icon}>
      {label}
    </Badge>
  );
}

export function OnOff({ on, labels }: { on: boolean; labels: [string, string] }) {
  return (
    <Badge color={on ? 'green' : 'gray'} leftSection={on ? <IconCheck size={SIZE} aria-hidden /> : <IconX size={SIZE} aria-hidden />}>
      {on ? labels[0] : labels[1]}
    </Badge>
  );
}

export function Published({ version }: { version: number }) {
  const { t } = useTranslation();
  return version > 0 ? (
    <Badge color="green" leftSection={<IconCheck size={SIZE} aria-hidden />}>
      {t('Published, version {{version}}', { version })}
    </Badge>
  ) : (
    <Badge color="gray" leftSection={<IconPencil size={SIZE} aria-hidden />}>
      {t('Draft')}
    </Badge>
  );
}

const CALLS = {
  pending: ['gray', IconClock],
  active: ['blue', IconPhone],
  ending: ['blue', IconPhoneOff],
  completed: ['green', IconCheck],
  failed: ['red', IconPlugConnectedX],
  abandoned: ['orange', IconPhoneOff],
} as const;

export function CallState({ status }: { status: keyof typeof CALLS }) {
  const { t } = useTranslation();
  const [color, Icon] = CALLS[status];
  const label = {
    pending: t('Pending'),
    active: t('Active'),
    ending: t('Ending'),
    completed: t('Completed'),
    failed: t('Failed'),
    abandoned: t('Abandoned'),
  }[status];
  return (
    <Badge color={color} leftSection={<Icon size={SIZE} aria-hidden />}>
      {label}
    </Badge>
  );
}
