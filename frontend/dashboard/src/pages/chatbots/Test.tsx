/** The production call interface on the chatbot's own page, with its real settings. */

import { Alert, Button, Card, Checkbox, Grid, Stack, Text, Title } from '@mantine/core';
import { IconInfoCircle, IconPhone, IconPhoneOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { chatbotQuery } from '../../api/queries.ts';
import type { Bot } from '../../api/queries.ts';
import { Section } from '../../forms/Section.tsx';
import { ButtonLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/States.tsx';

function frameAddress(bot: Bot): string {
  const address = new URL('/widget/frame/index.html', location.origin);
  address.searchParams.set('chatbot', bot.chatbotId);
  address.searchParams.set('company', bot.companyId);
  address.searchParams.set('parent', location.origin);
  return address.href;
}

/** The frame asks to be closed as it does on a customer's page. */
function useClosing(frame: React.RefObject<HTMLIFrameElement | null>, onClose: () => void): void {
  useEffect(() => {
    const receive = (event: MessageEvent): void => {
      const ours = event.source === frame.current?.contentWindow && event.origin === location.origin;
      const message = event.data as { source?: string; type?: string } | null;
      if (ours && message?.source === 'call-widget' && message.type === 'close') onClose();
    };
    window.addEventListener('message', receive);
    return () => window.removeEventListener('message', receive);
  }, [frame, onClose]);
}

function Stage({ bot }: { bot: Bot }) {
  const { t } = useTranslation();
  const frame = useRef<HTMLIFrameElement>(null);
  const [open, setOpen] = useState(false);
  useClosing(frame, () => setOpen(false));
  if (!open) {
    return (
      <Card h={420}>
        <Stack align="center" justify="center" h="100%" gap="sm">
          <Button size="lg" leftSection={<IconPhone size={20} aria-hidden />} disabled={bot.callSettingsVersion === 0} onClick={() => setOpen(true)}>
            {t('Test Call')}
          </Button>
          <Text size="sm" c="dimmed" ta="center" maw={420}>
            {bot.callSettingsVersion === 0
              ? t('Save the Call Options first: without them calls are refused.')
              : t('Opens what your visitors see. Your browser asks for the microphone.')}
          </Text>
        </Stack>
      </Card>
    );
  }
  return (
    <Stack gap="xs">
      <div className="preview-stage">
        <iframe ref={frame} title={t('Test Call')} src={frameAddress(bot)} allow="microphone; autoplay; clipboard-write" style={{ width: '100%' }} />
      </div>
      <div>
        <Button variant="default" leftSection={<IconPhoneOff size={16} aria-hidden />} onClick={() => setOpen(false)}>
          {t('Close')}
        </Button>
      </div>
    </Stack>
  );
}

export function TestPage() {
  const { t } = useTranslation();
  const { chatbotId } = useParams({ from: '/app/chatbots/$chatbotId/test' });
  const bot = useQuery(chatbotQuery(chatbotId));
  const ideas = [
    t('Interrupt the AI in the middle of a sentence'),
    t('Say nothing until it asks whether you are there'),
    t('Ask something only your documents know'),
    t('Ask for an order, or for a callback'),
    t('Ask for a human'),
    t('Say the end phrase'),
  ];
  return (
    <Loaded query={bot} what={t('Loading the chatbot')}>
      {(found) => (
        <Grid>
          <Grid.Col span={{ base: 12, md: 8 }}>
            <Stack>
              <Alert variant="light" icon={<IconInfoCircle aria-hidden />}>
                {t('A test is a real call: the saved settings, the real AI provider, real costs. It appears in the call history.')}
              </Alert>
              <Stage bot={found} />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 4 }}>
            <Section title={t('Things to try')}>
              <Stack gap="xs">
                {ideas.map((idea) => (
                  <Checkbox key={idea} label={idea} />
                ))}
              </Stack>
              <Title order={3}>{t('Afterwards')}</Title>
              <Text size="sm">{t('Read the transcript and listen to the recording in the call history.')}</Text>
              <div>
                <ButtonLink to="/calls" variant="default" size="sm">
                  {t('Call history')}
                </ButtonLink>
              </div>
            </Section>
          </Grid.Col>
        </Grid>
      )}
    </Loaded>
  );
}
