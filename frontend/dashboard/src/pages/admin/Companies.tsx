/** The platform's companies. */

import { Button, Modal, NumberInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { IconBuilding, IconPlus, IconSearch } from '@tabler/icons-react';
import { createCompany, listCompanies } from '@call/client/sdk.gen';
import { zCompanyIn } from '@call/client/zod.gen';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, once } from '../../api/http.ts';
import { limitsOf } from '../../forms/limits.ts';
import { problems } from '../../forms/validate.ts';
import { OnOff } from '../../parts/Badges.tsx';
import { TextLink } from '../../parts/links.tsx';
import { List } from '../../parts/List.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty } from '../../parts/States.tsx';

function NewCompany({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [key] = useState(() => crypto.randomUUID());
  const form = useForm({
    initialValues: { name: '', limits: { concurrentCalls: 50, callsPerAddressPerHour: 30 } },
    validate: (values) => problems(t, zCompanyIn, values),
  });
  const create = useMutation({
    mutationFn: () => answer(createCompany({ body: form.getValues(), headers: once(key) })),
    onSuccess: async (made) => {
      await cache.invalidateQueries({ queryKey: ['companies'] });
      notifications.show({ color: 'green', message: t('{{name}} was created.', { name: made.name }) });
      await navigate({ to: '/admin/companies/$companyId/settings/features', params: { companyId: made.companyId } });
    },
    onError: (error) => form.setErrors(error instanceof ApiError ? { name: error.message, ...error.fields } : { name: String(error) }),
  });
  return (
    <form noValidate onSubmit={form.onSubmit(() => create.mutate())}>
      <Stack>
        <TextInput required data-autofocus label={t('Name')} maxLength={120} {...form.getInputProps('name')} />
        <NumberInput
          label={t('Calls at the same time')}
          description={t('More callers than this are told to try again later.')}
          {...limitsOf(zCompanyIn, 'limits.concurrentCalls')}
          {...form.getInputProps('limits.concurrentCalls')}
        />
        <NumberInput
          label={t('Calls per visitor and hour')}
          {...limitsOf(zCompanyIn, 'limits.callsPerAddressPerHour')}
          {...form.getInputProps('limits.callsPerAddressPerHour')}
        />
        <Button type="submit" loading={create.isPending}>
          {t('Create company')}
        </Button>
        <Button variant="subtle" color="gray" onClick={onClose}>
          {t('Cancel')}
        </Button>
      </Stack>
    </form>
  );
}

export function Companies() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const [word, setWord] = useState('');
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpened(true)}>
      {t('New company')}
    </Button>
  );
  return (
    <Page title={t('Companies')} description={t('Customers of the platform, and what is switched on for them.')} actions={add}>
      <TextInput
        maw={320}
        aria-label={t('Search companies')}
        placeholder={t('Search companies')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={word}
        onChange={(event) => setWord(event.currentTarget.value)}
      />
      <List
        queryKey={['companies']}
        read={(cursor) => answer(listCompanies({ query: { cursor } }))}
        id={(firm) => firm.companyId}
        caption={t('Companies')}
        loading={t('Loading companies')}
        keep={(firm) => firm.name.toLowerCase().includes(word.trim().toLowerCase())}
        nothingKept={<Empty icon={<IconSearch />} title={t('No company has this name')}>{t('Check the spelling, or show more.')}</Empty>}
        empty={
          <Empty icon={<IconBuilding />} title={t('No companies yet')} action={add}>
            {t('A company gets its own chatbots, team and calls. Create the first one.')}
          </Empty>
        }
        columns={[
          {
            title: t('Name'),
            show: (firm) => (
              <TextLink to="/admin/companies/$companyId" params={{ companyId: firm.companyId }} fw={600}>
                {firm.name}
              </TextLink>
            ),
          },
          {
            title: t('Call Feature'),
            show: (firm) => <OnOff on={firm.settings.features.callEnabled} labels={[t('On'), t('Off')]} />,
          },
          { title: t('Calls at the same time'), show: (firm) => firm.limits.concurrentCalls, align: 'right' },
          { title: t('Calls per visitor and hour'), show: (firm) => firm.limits.callsPerAddressPerHour, align: 'right' },
        ]}
      />
      <Modal opened={opened} onClose={() => setOpened(false)} title={t('New company')}>
        <NewCompany onClose={() => setOpened(false)} />
      </Modal>
    </Page>
  );
}
