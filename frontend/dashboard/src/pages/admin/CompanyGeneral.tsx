/** A company's name and limits. */

import { NumberInput } from '@mantine/core';
import { editCompany, getCompany } from '@call/client/sdk.gen';
import { zCompanyIn } from '@call/client/zod.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answer, ifMatch } from '../../api/http.ts';
import { firmQuery } from '../../api/queries.ts';
import type { Firm } from '../../api/queries.ts';
import { useEditor } from '../../forms/editor.ts';
import { EditorFrame } from '../../forms/EditorFrame.tsx';
import { TextField } from '../../forms/Fields.tsx';
import { limitsOf } from '../../forms/limits.ts';
import { Section } from '../../forms/Section.tsx';
import { problems } from '../../forms/validate.ts';
import { Loaded } from '../../parts/States.tsx';

const editable = (firm: Firm) => ({ value: { name: firm.name, limits: firm.limits }, version: firm.version });

function GeneralForm({ firm }: { firm: Firm }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const path = { company_id: firm.companyId };
  const editor = useEditor({
    initial: editable(firm),
    saved: t('Company saved'),
    validate: (values) => problems(t, zCompanyIn, values),
    reload: async () => editable(await answer(getCompany({ path }))),
    save: async (body, version) => {
      const changed = await answer(editCompany({ path, body, headers: ifMatch(version) }));
      cache.setQueryData(firmQuery(firm.companyId).queryKey, changed);
      await cache.invalidateQueries({ queryKey: ['companies'] });
      return editable(changed);
    },
  });
  return (
    <EditorFrame editor={editor} save={t('Save')}>
      <Section title={t('Settings')}>
        <TextField form={editor.form} path="name" label={t('Name')} required maxLength={120} />
        <NumberInput
          label={t('Calls at the same time')}
          description={t('More callers than this are told to try again later.')}
          {...limitsOf(zCompanyIn, 'limits.concurrentCalls')}
          {...editor.form.getInputProps('limits.concurrentCalls')}
        />
        <NumberInput
          label={t('Calls per visitor and hour')}
          description={t('Keeps one visitor from spending what the company pays for.')}
          {...limitsOf(zCompanyIn, 'limits.callsPerAddressPerHour')}
          {...editor.form.getInputProps('limits.callsPerAddressPerHour')}
        />
      </Section>
    </EditorFrame>
  );
}

export function CompanyGeneral() {
  const { t } = useTranslation();
  const { companyId } = useParams({ from: '/app/admin/companies/$companyId' });
  const firm = useQuery(firmQuery(companyId));
  return (
    <Loaded query={firm} what={t('Loading the company')}>
      {(found) => <GeneralForm firm={found} />}
    </Loaded>
  );
}
