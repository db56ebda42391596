/** How a company's own programs are told of calls and hold calls themselves. */

import { Code, List, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Section } from '../../forms/Section.tsx';
import { TextLink } from '../../parts/links.tsx';
import { Page } from '../../parts/Page.tsx';
import '../../parts/controls.css';

const EVENT = `POST https://crm.example.com/calls
webhook-id: msg_…
webhook-timestamp: 1790000000
webhook-signature: v1,…

{"type": "call.completed", "timestamp": "…", "data": {"callId": "…", "channel": "twilio", "endReason": "user_ended", …}}`;

const SESSION = `POST /api/widget/call/session
Authorization: Bearer ck_…
{"chatbotId": "…", "customer": {"name": "…"}}

→ {"sessionId": "…", "callId": "…", "websocketUrl": "wss://…", "token": "…", "readToken": "…", "expiresAt": "…"}`;

const SOCKET = `Sec-WebSocket-Protocol: call.v1, token.<token>

→ {"type": "audio", "data": "<base64, PCM16, 24 kHz, mono>"}
→ {"type": "end"}
← {"type": "connected"} {"type": "audio"} {"type": "transcript"} {"type": "agent_speaking"}
← {"type": "stop_audio"} {"type": "call_ended"} {"type": "error"}`;

export function OwnSystemHelp() {
  const { t } = useTranslation();
  const block = { whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' } as const;
  return (
    <Page title={t('Your own system')} trail={<TextLink to="/help">{t('Guides')}</TextLink>}>
      <Section title={t('To be told of calls')}>
        <Text size="sm">{t('After each call your address gets one message. Answer with a status of 200 to 299 within 10 seconds; otherwise it is sent again.')}</Text>
        <Code block style={block}>
          {EVENT}
        </Code>
        <List size="sm">
          <List.Item>{t('Check the signature: HMAC-SHA256 over id, time and body, with the base64 part of the signing secret. Libraries for it are at standardwebhooks.com.')}</List.Item>
          <List.Item>{t('The same id may come twice: act upon it once.')}</List.Item>
          <List.Item>{t('The message names no caller; ask the administration’s API for more.')}</List.Item>
        </List>
      </Section>
      <Section title={t('To hold calls')}>
        <Text size="sm">{t('Open a session with the call key of your company, then connect by WebSocket within a minute. Keep the key on your servers. Sound may come in pieces of any size; 20 ms are good.')}</Text>
        <Code block style={block}>
          {SESSION}
        </Code>
        <Code block style={block}>
          {SOCKET}
        </Code>
        <Text size="sm">{t('Play what comes at once, and stop at “stop_audio”: then the caller has interrupted.')}</Text>
      </Section>
    </Page>
  );
}
