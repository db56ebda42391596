/** The production call interface on the chatbot's own page, with its real settings; its calls are tagged as tests. */

import { Alert, Button, Card, Checkbox, Grid, Stack, Text, Title } from '@mantine/core';
import { IconInfoCircle, IconPhone, IconPhoneOff } from '@tabler/icons-react';
import { startTestSession } from '@call/client/sdk.gen';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer } from '../../api/http.ts';
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
  address.searchParams.set('test', '1');
  return address.href;
}

interface FrameEvents {
  onClose(): void;
  onCall(callId: string): void;
}

/** The frame asks to be closed as it does on a customer's page, and gets its session from us, who are signed in. */
function useFrame(frame: React.RefObject<HTMLIFrameElement | null>, chatbotId: string, { onClose, onCall }: FrameEvents): void {
  const handlers = useRef({ onClose, onCall });
  handlers.current = { onClose, onCall };
  useEffect(() => {
    const reply = (message: object): void => frame.current?.contentWindow?.postMessage({ ...message, source: 'call-widget', version: 1 }, location.origin);
    const open = async (): Promise<void> => {
      try {
        const session = await answer(startTestSession({ path: { chatbot_id: chatbotId } }));
        handlers.current.onCall(session.callId);
        reply({ type: 'session', session });
      } catch (error) {
        const refused = error instanceof ApiError ? error : null;
        reply({ type: 'session-refused', status: refused?.status ?? 0, code: refused?.code ?? 'network' });
      }
    };
    const receive = (event: MessageEvent): void => {
      const ours = event.source === frame.current?.contentWindow && event.origin === location.origin;
      const message = event.data as { source?: string; type?: string } | null;
      if (!ours || message?.source !== 'call-widget') return;
      if (message.type === 'close') handlers.current.onClose();
      if (message.type === 'session-wanted') void open();
    };
    window.addEventListener('message', receive);
    return () => window.removeEventListener('message', receive);
  }, [frame, chatbotId]);
}

function Stage({ bot, onCall }: { bot: Bot; onCall(callId: string): void }) {
  const { t } = useTranslation();
  const frame = useRef<HTMLIFrameElement>(null);
  const [open, setOpen] = useState(false);
  useFrame(frame, bot.chatbotId, { onClose: () => setOpen(false), onCall });
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

function Tester({ bot }: { bot: Bot }) {
  const { t } = useTranslation();
  const [callId, setCallId] = useState<string | null>(null);
  const ideas = [
    t('Interrupt the AI in the middle of a sentence'),
    t('Say nothing until it asks whether you are there'),
    t('Ask something only your documents know'),
    t('Ask for an order, or for a callback'),
    t('Ask for a human'),
    t('Say the end phrase'),
  ];
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: 8 }}>
        <Stack>
          <Alert variant="light" icon={<IconInfoCircle aria-hidden />}>
            {t('A test is a real call: the saved settings, the real AI provider, real costs. It appears in the call history, tagged as a test.')}
          </Alert>
          <Stage bot={bot} onCall={setCallId} />
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
          <Text size="sm">{t('Read summary and transcript, listen to the recording, download both.')}</Text>
          <div>
            {callId === null ? (
              <ButtonLink to="/calls" variant="default" size="sm">
                {t('Call history')}
              </ButtonLink>
            ) : (
              <ButtonLink to="/calls/$callId" params={{ callId }} size="sm">
                {t('Open the test call')}
              </ButtonLink>
            )}
          </div>
          <Title order={3}>{t('On a phone')}</Title>
          <Text size="sm">{t('Have yourself called by a connected phone or WhatsApp number.')}</Text>
          <div>
            <ButtonLink to="/chatbots/$chatbotId/integrations" params={{ chatbotId: bot.chatbotId }} variant="default" size="sm">
              {t('Integrations')}
            </ButtonLink>
          </div>
        </Section>
      </Grid.Col>
    </Grid>
  );
}

export function TestPage() {
  const { t } = useTranslation();
  const { chatbotId } = useParams({ from: '/app/chatbots/$chatbotId/test' });
  const bot = useQuery(chatbotQuery(chatbotId));
  return (
    <Loaded query={bot} what={t('Loading the chatbot')}>
      {(found) => <Tester bot={found} />}
    </Loaded>
  );
}
