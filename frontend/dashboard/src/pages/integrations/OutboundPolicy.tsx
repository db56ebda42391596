/** Where outgoing calls may go, and how many: keeps others from calling at the company's expense. */

import { MultiSelect, NumberInput, SimpleGrid } from '@mantine/core';
import { getOutboundPolicy, saveOutboundPolicy } from '@call/client/sdk.gen';
import type { OutboundPolicyIn, OutboundPolicyOut } from '@call/client/types.gen';
import { zOutboundPolicyIn } from '@call/client/zod.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { answer, ifMatch } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { useEditor } from '../../forms/editor.ts';
import { EditorFrame } from '../../forms/EditorFrame.tsx';
import { limitsOf } from '../../forms/limits.ts';
import { Section } from '../../forms/Section.tsx';
import { problems } from '../../forms/validate.ts';
import { Loaded } from '../../parts/States.tsx';
import { countryNames } from '../../text/countries.ts';

type Policy = Complete<OutboundPolicyIn>;

const versioned = ({ version, ...value }: Complete<OutboundPolicyOut>) => ({ value: value as Policy, version });

function PolicyForm({ stored }: { stored: Complete<OutboundPolicyOut> }) {
  const { t, i18n } = useTranslation();
  const cache = useQueryClient();
  const editor = useEditor<Policy>({
    initial: versioned(stored),
    saved: t('Limits of outgoing calls saved'),
    validate: (values) => problems(t, zOutboundPolicyIn, values),
    reload: async () => versioned(await answer(getOutboundPolicy())),
    save: async (value, version) => {
      const saved = await answer(saveOutboundPolicy({ body: value, headers: ifMatch(version) }));
      cache.setQueryData(['outbound-policy'], saved);
      return versioned(saved);
    },
  });
  const { form } = editor;
  return (
    <EditorFrame editor={editor} save={t('Save limits')} quiet>
      <Section title={t('Outgoing calls')} description={t('For test calls, callbacks and calls your chatbots make. Premium and satellite numbers are never called.')}>
        <MultiSelect
          label={t('Countries that may be called')}
          description={t('None: only the country of the calling number.')}
          data={countryNames(i18n.language)}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': t('Clear') }}
          {...form.getInputProps('allowedCountries')}
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <NumberInput label={t('Outgoing calls a day')} {...limitsOf(zOutboundPolicyIn, 'callsPerDay')} {...form.getInputProps('callsPerDay')} />
          <NumberInput label={t('Test calls an hour, for each admin')} {...limitsOf(zOutboundPolicyIn, 'testCallsPerAdminPerHour')} {...form.getInputProps('testCallsPerAdminPerHour')} />
        </SimpleGrid>
      </Section>
    </EditorFrame>
  );
}

export function OutboundPolicySection({ editor }: { editor: boolean }) {
  const { t } = useTranslation();
  const policy = useQuery({ queryKey: ['outbound-policy'], queryFn: () => answer(getOutboundPolicy()), enabled: editor });
  if (!editor) return null;
  return (
    <Loaded query={policy} what={t('Loading the limits of outgoing calls')}>
      {(found) => <PolicyForm stored={found} />}
    </Loaded>
  );
}
