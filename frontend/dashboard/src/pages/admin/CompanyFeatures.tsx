/** What the master admin switches on for a company. */

import { Alert, Group, List, Switch, Text, ThemeIcon, Tooltip } from '@mantine/core';
import { IconCheck, IconInfoCircle, IconX } from '@tabler/icons-react';
import { getCompany, setFeatures } from '@call/client/sdk.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answer, ifMatch } from '../../api/http.ts';
import { firmQuery } from '../../api/queries.ts';
import type { Firm } from '../../api/queries.ts';
import { useEditor } from '../../forms/editor.ts';
import type { Versioned } from '../../forms/editor.ts';
import { EditorFrame } from '../../forms/EditorFrame.tsx';
import { Section } from '../../forms/Section.tsx';
import { confirm } from '../../parts/confirm.tsx';
import { Loaded } from '../../parts/States.tsx';

interface Flags {
  callEnabled: boolean;
}

const flagsOf = (firm: Firm): Versioned<Flags> => ({
  value: { callEnabled: firm.settings.features.callEnabled },
  version: firm.version,
});

function FeatureForm({ firm }: { firm: Firm }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const path = { company_id: firm.companyId };
  const editor = useEditor<Flags>({
    initial: flagsOf(firm),
    saved: (value) => (value.callEnabled ? t('Call feature enabled successfully') : t('Call feature switched off')),
    reload: async () => flagsOf(await answer(getCompany({ path }))),
    save: async (value, version) => {
      const changed = await answer(setFeatures({ path, body: value, headers: ifMatch(version) }));
      cache.setQueryData(firmQuery(firm.companyId).queryKey, changed);
      await cache.invalidateQueries({ queryKey: ['companies'] });
      return flagsOf(changed);
    },
  });
  const { callEnabled } = editor.form.values;
  const turn = (on: boolean): void => {
    if (on) {
      editor.form.setFieldValue('callEnabled', true);
      return;
    }
    confirm({
      title: t('Switch calls off for {{name}}?', { name: firm.name }),
      text: (
        <List size="sm" spacing={4}>
          <List.Item>{t('Running calls go on to their end.')}</List.Item>
          <List.Item>{t('New calls are refused, on every channel.')}</List.Item>
          <List.Item>{t('Chatbots keep their settings and answer again when calls are switched on.')}</List.Item>
        </List>
      ),
      action: t('Switch off'),
      danger: true,
      run: () => editor.form.setFieldValue('callEnabled', false),
    });
  };
  return (
    <EditorFrame editor={editor} save={t('Save Settings')}>
      <Section title={t('Features')} description={t('What this company may use.')}>
        <Group justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <ThemeIcon variant="light" color={callEnabled ? 'green' : 'gray'} radius="xl" aria-hidden>
              {callEnabled ? <IconCheck size={18} /> : <IconX size={18} />}
            </ThemeIcon>
            <Tooltip label={t('Allows company to use voice call capabilities')}>
              <div tabIndex={0}>
                <Text fw={600}>{t('Call Feature')}</Text>
                <Text size="sm" c="dimmed">
                  {t('Allows company to use voice call capabilities')}
                </Text>
              </div>
            </Tooltip>
          </Group>
          <Switch
            size="md"
            aria-label={t('Call Feature')}
            checked={callEnabled}
            onChange={(event) => turn(event.currentTarget.checked)}
          />
        </Group>
        {callEnabled && editor.dirty && (
          <Alert variant="light" icon={<IconInfoCircle aria-hidden />} role="status">
            {t('Call feature will be enabled for {{name}}. Users will be able to create call-enabled chatbots.', { name: firm.name })}
          </Alert>
        )}
      </Section>
    </EditorFrame>
  );
}

export function CompanyFeatures() {
  const { t } = useTranslation();
  const { companyId } = useParams({ from: '/app/admin/companies/$companyId' });
  const firm = useQuery(firmQuery(companyId));
  return (
    <Loaded query={firm} what={t('Loading the company')}>
      {(found) => <FeatureForm firm={found} />}
    </Loaded>
  );
}
