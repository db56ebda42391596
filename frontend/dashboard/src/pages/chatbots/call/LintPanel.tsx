/** What the linter says to the settings as they are on the page, while they are edited. */

import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { checkCallSettings } from '@call/client/sdk.gen';
import type { FindingOut } from '@call/client/types.gen';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answer } from '../../../api/http.ts';
import { Section } from '../../../forms/Section.tsx';
import { cleaned } from './draft.ts';
import type { Settings } from './draft.ts';

/** Opens what hides the field, then goes to it. */
function goTo(field: string): void {
  const find = (): HTMLElement | null => document.querySelector<HTMLElement>(`[data-path="${CSS.escape(field)}"]`);
  const target = find();
  target?.scrollIntoView({ block: 'center' });
  target?.focus({ preventScroll: true });
}

function Item({ finding }: { finding: FindingOut }) {
  const { t } = useTranslation();
  const error = finding.level === 'error';
  return (
    <Group wrap="nowrap" align="flex-start" gap="xs">
      {error ? (
        <IconCircleX size={18} color="var(--mantine-color-error)" style={{ flexShrink: 0, marginTop: 2 }} aria-hidden />
      ) : (
        <IconAlertTriangle size={18} className="warning-text" style={{ flexShrink: 0, marginTop: 2 }} aria-hidden />
      )}
      <div>
        <Text size="sm">
          <b>{error ? t('Error') : t('Warning')}:</b> {finding.message}
        </Text>
        <Button size="compact-xs" variant="subtle" px={0} onClick={() => goTo(finding.field)}>
          {t('Go to the field')}
        </Button>
      </div>
    </Group>
  );
}

export function LintPanel({ chatbotId, settings }: { chatbotId: string; settings: Settings }) {
  const { t } = useTranslation();
  const [stable] = useDebouncedValue(cleaned(settings), 500);
  const complete = stable.aiModelId !== '' && stable.voice.voiceId !== '' && stable.greeting !== '' && stable.endPhrase !== '';
  const check = useQuery({
    queryKey: ['lint', chatbotId, stable],
    queryFn: async () => (await answer(checkCallSettings({ path: { chatbot_id: chatbotId }, body: stable }))).findings,
    enabled: complete,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const findings = check.data ?? [];
  const errors = findings.filter((finding) => finding.level === 'error').length;
  return (
    <Section title={t('Check')} description={t('Looks at the settings as a whole, while you edit. Errors keep them from being saved.')}>
      <div role="status" aria-live="polite">
        {!complete && <Text size="sm">{t('Choose a model and a voice, then the settings are checked.')}</Text>}
        {complete && check.isError && <Text size="sm">{t('The check could not be made; correct the marked fields first.')}</Text>}
        {complete && check.isSuccess && findings.length === 0 && (
          <Alert color="green" variant="light" icon={<IconCircleCheck aria-hidden />}>
            {t('Nothing to complain about.')}
          </Alert>
        )}
        {findings.length > 0 && (
          <Text size="sm" mb="xs">
            {t('Errors: {{errors}} · Warnings: {{warnings}}', { errors, warnings: findings.length - errors })}
          </Text>
        )}
      </div>
      <Stack gap="sm">
        {complete && findings.map((finding) => <Item key={`${finding.code}-${finding.field}`} finding={finding} />)}
      </Stack>
    </Section>
  );
}
