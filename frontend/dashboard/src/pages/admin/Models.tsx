/** The catalogue of AI models. */

import { Button, Group, Select, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconBrain, IconPlus, IconSearch } from '@tabler/icons-react';
import { switchModel } from '@call/client/sdk.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, ifMatch } from '../../api/http.ts';
import { allModelsQuery } from '../../api/queries.ts';
import type { AiModel } from '../../api/queries.ts';
import { confirm } from '../../parts/confirm.tsx';
import { ModelType, OnOff } from '../../parts/Badges.tsx';
import { ButtonLink, TextLink } from '../../parts/links.tsx';
import { Rows } from '../../parts/List.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty, Loaded } from '../../parts/States.tsx';
import { perMinute } from '../../text/format.ts';
import { PROVIDERS } from '../../text/names.ts';

function SwitchButton({ model }: { model: AiModel }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const run = async (active: boolean): Promise<void> => {
    try {
      await answer(switchModel({ path: { model_id: model.id }, body: { active }, headers: ifMatch(model.version) }));
    } catch (error) {
      notifications.show({ color: 'red', message: error instanceof ApiError ? error.message : t('Something went wrong') });
    }
    await cache.invalidateQueries({ queryKey: allModelsQuery.queryKey });
  };
  const ask = (): void => {
    confirm({
      title: t('Disable {{name}}?', { name: model.name }),
      text: t('It is no longer offered, and chatbots that use it cannot answer calls until another model is chosen.'),
      action: t('Disable'),
      danger: true,
      run: () => void run(false),
    });
  };
  return (
    <Button size="compact-sm" variant="subtle" color={model.active ? 'red' : undefined} onClick={model.active ? ask : () => void run(true)}>
      {model.active ? t('Disable') : t('Enable')}
    </Button>
  );
}

interface Filter {
  provider: string | null;
  type: string | null;
  status: string | null;
  word: string;
}

function matches(model: AiModel, { provider, type, status, word }: Filter): boolean {
  return (
    (provider === null || model.provider === provider) &&
    (type === null || model.modelType === type) &&
    (status === null || String(model.active) === status) &&
    model.name.toLowerCase().includes(word.trim().toLowerCase())
  );
}

function Filters({ filter, set }: { filter: Filter; set(filter: Filter): void }) {
  const { t } = useTranslation();
  const choose = (key: 'provider' | 'type' | 'status') => ({
    value: filter[key],
    onChange: (value: string | null) => set({ ...filter, [key]: value }),
    placeholder: t('All'),
    clearable: true,
    clearButtonProps: { 'aria-label': t('Clear') },
    w: { base: 'calc(50% - 8px)', xs: 150 },
  });
  return (
    <Group align="flex-end" gap="sm">
      <TextInput
        label={t('Search')}
        placeholder={t('Model name')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={filter.word}
        onChange={(event) => set({ ...filter, word: event.currentTarget.value })}
      />
      <Select label={t('Provider')} data={Object.entries(PROVIDERS).map(([value, label]) => ({ value, label }))} {...choose('provider')} />
      <Select
        label={t('Model Type')}
        data={[
          { value: 'chat', label: t('Chat') },
          { value: 'call', label: t('Call') },
          { value: 'both', label: t('Both') },
        ]}
        {...choose('type')}
      />
      <Select
        label={t('Status')}
        data={[
          { value: 'true', label: t('Active') },
          { value: 'false', label: t('Disabled') },
        ]}
        {...choose('status')}
      />
    </Group>
  );
}

export function Models() {
  const { t } = useTranslation();
  const models = useQuery(allModelsQuery);
  const [filter, setFilter] = useState<Filter>({ provider: null, type: null, status: null, word: '' });
  const add = (
    <ButtonLink to="/admin/ai-models/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t('Add Model')}
    </ButtonLink>
  );
  return (
    <Page title={t('AI models')} description={t('Models and voices companies may choose, with their prices.')} actions={add}>
      <Filters filter={filter} set={setFilter} />
      <Loaded query={models} what={t('Loading the models')}>
        {(all) => {
          const rows = all.filter((model) => matches(model, filter));
          if (rows.length === 0) {
            return (
              <Empty icon={<IconBrain />} title={all.length === 0 ? t('No models yet') : t('No model matches')} action={all.length === 0 ? add : undefined}>
                {all.length === 0 ? t('Without a call model no chatbot can answer calls. Add the first one.') : t('Clear a filter to see more.')}
              </Empty>
            );
          }
          return (
            <Rows
              rows={rows}
              id={(model) => model.id}
              caption={t('AI models')}
              columns={[
                {
                  title: t('Model Name'),
                  show: (model) => (
                    <div>
                      <TextLink to="/admin/ai-models/$modelId" params={{ modelId: model.id }} fw={600}>
                        {model.name}
                      </TextLink>
                      <Text size="xs" c="dimmed">
                        {model.id}
                      </Text>
                    </div>
                  ),
                },
                { title: t('Provider'), show: (model) => PROVIDERS[model.provider] },
                { title: t('Model Type'), show: (model) => <ModelType type={model.modelType} /> },
                { title: t('Status'), show: (model) => <OnOff on={model.active} labels={[t('Active'), t('Disabled')]} /> },
                { title: t('Voices'), show: (model) => model.voices.length, align: 'right' },
                { title: t('Cost per minute'), show: (model) => perMinute(model.prices.estimatedPerMinute), align: 'right' },
                { title: t('Shutdown'), show: (model) => model.shutdownOn ?? '–' },
                { title: t('Actions'), show: (model) => <SwitchButton model={model} />, align: 'right' },
              ]}
            />
          );
        }}
      </Loaded>
    </Page>
  );
}
