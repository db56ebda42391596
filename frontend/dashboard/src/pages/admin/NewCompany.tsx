/** A new company: named and limited; calls are switched on afterwards. */

import { Button, Modal, NumberInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { createCompany } from '@call/client/sdk.gen';
import { zCompanyIn } from '@call/client/zod.gen';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, once } from '../../api/http.ts';
import { limitsOf } from '../../forms/limits.ts';
import { problems } from '../../forms/validate.ts';
import '../../parts/controls.css';

export default function NewCompany({ onClose }: { onClose(): void }) {
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
    <Modal opened onClose={onClose} title={t('New company')}>
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
    </Modal>
  );
}
