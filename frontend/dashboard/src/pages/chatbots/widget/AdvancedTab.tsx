/** Domains, limits, language, own code. */

import { Alert, NumberInput, Select, SimpleGrid, Textarea } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { zWidgetConfig } from '@call/client/zod.gen';
import { useTranslation } from 'react-i18next';
import { LongField, SwitchField } from '../../../forms/Fields.tsx';
import { limitsOf } from '../../../forms/limits.ts';
import { Section } from '../../../forms/Section.tsx';
import { LANGUAGES } from '../../../text/i18n.ts';
import { domainLines } from './draft.ts';
import type { TabProps } from './draft.ts';

const CODE = { styles: { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }, spellCheck: false };

export function AdvancedTab({ form, chat, call }: TabProps) {
  const { t } = useTranslation();
  const { allowedDomains, analyticsEnabled } = form.values.advanced;
  const wrong = Object.entries(form.errors).find(([path]) => path.startsWith('advanced.allowedDomains'));
  const line = wrong === undefined ? null : (allowedDomains[Number(wrong[0].split('.').at(-1))] ?? '');
  return (
    <>
      <Section title={t('Where it may appear')}>
        <Textarea
          label={t('Allowed Domains')}
          description={t('One per line, such as example.com or *.example.com. Empty: every site.')}
          autosize
          minRows={3}
          placeholder={'example.com\n*.example.com'}
          data-path="advanced.allowedDomains"
          value={allowedDomains.join('\n')}
          onChange={(event) => form.setFieldValue('advanced.allowedDomains', event.currentTarget.value === '' ? [] : domainLines(event.currentTarget.value))}
          error={line === null ? undefined : t('This line is no domain: {{line}}', { line })}
          {...CODE}
        />
        <Select
          label={t('Language')}
          description={t('Of buttons and messages; the AI speaks the language of its instructions.')}
          allowDeselect={false}
          maw={260}
          data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          {...form.getInputProps('advanced.language')}
        />
      </Section>
      <Section title={t('Limits')} description={t('For each visitor and hour.')}>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          {call && <NumberInput label={t('Calls')} {...limitsOf(zWidgetConfig, 'advanced.callsPerHour')} {...form.getInputProps('advanced.callsPerHour')} />}
          {chat && <NumberInput label={t('Chat messages')} {...limitsOf(zWidgetConfig, 'advanced.chatMessagesPerHour')} {...form.getInputProps('advanced.chatMessagesPerHour')} />}
          <NumberInput label={t('Session Timeout (minutes)')} {...limitsOf(zWidgetConfig, 'advanced.sessionTimeoutMinutes')} {...form.getInputProps('advanced.sessionTimeoutMinutes')} />
        </SimpleGrid>
      </Section>
      <Section title={t('Own code')}>
        <LongField form={form} path="advanced.customCss" label={t('Custom CSS')} maxLength={50_000} {...CODE} />
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />}>
          {t('Only use trusted code. Malicious code can compromise security.')}
        </Alert>
        <LongField form={form} path="advanced.customJavascript" label={t('Custom JavaScript')} maxLength={50_000} {...CODE} />
        <SwitchField form={form} path="advanced.analyticsEnabled" label={t('Analytics Tracking')} />
        {analyticsEnabled && <LongField form={form} path="advanced.analyticsCode" label={t('Analytics code')} help={t('From Google Analytics, Mixpanel and the like')} maxLength={10_000} {...CODE} />}
      </Section>
    </>
  );
}
