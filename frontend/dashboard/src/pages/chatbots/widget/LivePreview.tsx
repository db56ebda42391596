/** The widget as it would look with what the form says now: the production launcher and call screen, without a call. */

import { Box, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Bot } from '../../../api/queries.ts';
import { Copy } from '../../../parts/Copy.tsx';
import { cleaned, embedCode } from './draft.ts';
import type { Config } from './draft.ts';

const WIDTHS = { desktop: '100%', tablet: 768, mobile: 390 } as const;
type Device = keyof typeof WIDTHS;

/** In the form of the public API. */
export function publicConfig(config: Config, bot: Bot, companyName: string, greeting: string): Record<string, unknown> {
  return {
    chatbotId: bot.chatbotId,
    companyId: bot.companyId,
    companyName,
    agentName: bot.agentName,
    enabledCall: bot.enabledCall,
    enabledChat: bot.enabledChat,
    recordingEnabled: config.features.recordingDownload,
    widget: config,
    greeting: config.branding.callWelcomeMessage ?? greeting,
  };
}

export interface LivePreviewProps {
  config: Config;
  bot: Bot;
  companyName: string;
  greeting: string;
}

export function LivePreview({ config, bot, companyName, greeting }: LivePreviewProps) {
  const { t } = useTranslation();
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(0);
  const [device, setDevice] = useState<Device>('desktop');
  const [background, setBackground] = useState('light');
  const [stable] = useDebouncedValue(JSON.stringify(publicConfig(cleaned(config), bot, companyName, greeting)), 250);
  useEffect(() => {
    const receive = (event: MessageEvent): void => {
      const ours = event.source === frame.current?.contentWindow && event.origin === location.origin;
      if (ours && (event.data as { kind?: string }).kind === 'widget-preview-ready') setReady((count) => count + 1);
    };
    window.addEventListener('message', receive);
    return () => window.removeEventListener('message', receive);
  }, []);
  useEffect(() => {
    if (ready === 0) return;
    const message = { kind: 'widget-preview', config: JSON.parse(stable) as unknown, background };
    frame.current?.contentWindow?.postMessage(message, location.origin);
  }, [ready, stable, background]);
  return (
    <Stack gap="sm" className="side">
      <Group gap="xs">
        <SegmentedControl
          size="xs"
          aria-label={t('Device')}
          value={device}
          onChange={(value) => setDevice(value as Device)}
          data={[
            { value: 'desktop', label: t('Desktop') },
            { value: 'tablet', label: t('Tablet') },
            { value: 'mobile', label: t('Mobile') },
          ]}
        />
        <SegmentedControl
          size="xs"
          aria-label={t('Background')}
          value={background}
          onChange={setBackground}
          data={[
            { value: 'light', label: t('Light website') },
            { value: 'dark', label: t('Dark website') },
            { value: 'image', label: t('Image') },
          ]}
        />
      </Group>
      <Box className="preview-stage" style={{ overflowX: 'auto' }}>
        <iframe ref={frame} title={t('Preview of the widget')} src="/dashboard/preview/index.html" style={{ width: WIDTHS[device] }} />
      </Box>
      <Text size="xs" c="dimmed">
        {t('Press the button in the preview: the real interface opens, but nobody is called.')}
      </Text>
      <Group>
        <Copy value={embedCode(location.origin, bot.chatbotId, bot.companyId)} label={t('Copy Embed Code')} />
      </Group>
    </Stack>
  );
}
