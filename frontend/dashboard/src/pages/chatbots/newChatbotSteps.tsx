/** Steps of the creation wizard. */

import { Group, List, Select, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { LongField, TextField } from '../../forms/Fields.tsx';
import { Section } from '../../forms/Section.tsx';
import { Capabilities } from '../../parts/Badges.tsx';
import { slugOf } from '../../text/format.ts';
import type { NewBotForm, Offered } from './NewChatbot.tsx';

export function BasicInformation({ form, chosen }: { form: NewBotForm; chosen: Offered | null }) {
  const { t } = useTranslation();
  const [own, setOwn] = useState(form.values.slug !== null && form.values.slug !== slugOf(form.values.name));
  const name = form.getInputProps('name') as { value: string; onChange(event: React.ChangeEvent<HTMLInputElement>): void };
  const chat = chosen?.content.enabledChat ?? false;
  const call = chosen?.content.enabledCall ?? false;
  return (
    <Section title={t('Basic information')}>
      <TextInput
        label={t('Chatbot Name')}
        placeholder="Customer Support Bot"
        required
        maxLength={120}
        {...name}
        onChange={(event) => {
          name.onChange(event);
          if (!own) form.setFieldValue('slug', slugOf(event.currentTarget.value) || null);
        }}
      />
      <LongField form={form} path="description" label={t('Chatbot Description')} help={t('Its purpose and who uses it')} maxLength={500} />
      <TextField
        form={form}
        path="slug"
        label={t('Chatbot Slug')}
        help={t('Its name in addresses: small letters, numbers and hyphens')}
        maxLength={60}
        onChange={(event) => {
          setOwn(true);
          form.setFieldValue('slug', event.currentTarget.value || null);
        }}
      />
      <Stack gap={4}>
        <Group gap="xs">
          <Text size="sm">{t('This chatbot supports:')}</Text>
          <Capabilities chat={chat} call={call} />
        </Group>
        <Text size="xs" c="dimmed">
          {t('Capabilities are inherited from the package and set to enabled_chat={{chat}}, enabled_call={{call}}', { chat: String(chat), call: String(call) })}
        </Text>
      </Stack>
    </Section>
  );
}

export function VariableValues({ form, variables }: { form: NewBotForm; variables: Offered['content']['variables'] }) {
  const { t } = useTranslation();
  return (
    <Section title={t('Variables')} description={t('What the package asks of your company. Prompts use these values.')}>
      {variables.map((variable) => {
        const path = `variables.${variable.name}`;
        if (variable.kind === 'select') {
          return (
            <Select
              key={variable.name}
              label={variable.name}
              description={variable.description}
              required={variable.required}
              data={variable.options}
              {...form.getInputProps(path)}
              onChange={(value) => form.setFieldValue(path, value ?? '')}
            />
          );
        }
        return (
          <TextField
            key={variable.name}
            form={form}
            path={path}
            label={variable.name}
            help={variable.description}
            required={variable.required}
            maxLength={500}
            inputMode={variable.kind === 'number' ? 'decimal' : variable.kind === 'phone' ? 'tel' : undefined}
            placeholder={variable.kind === 'phone' ? '+1 555 123 4567' : undefined}
          />
        );
      })}
    </Section>
  );
}

export function Review({ form, chosen }: { form: NewBotForm; chosen: Offered | null }) {
  const { t } = useTranslation();
  const { name, slug, variables, agents } = form.values;
  const filled = Object.values(variables).filter((value) => value.trim() !== '').length;
  return (
    <Section title={t('Review and create')}>
      <Group>
        <Text fw={650} size="lg">
          {name || t('Without a name')}
        </Text>
        <Capabilities chat={chosen?.content.enabledChat ?? false} call={chosen?.content.enabledCall ?? false} />
      </Group>
      <List size="sm" spacing={4}>
        <List.Item>{t('Package: {{name}}', { name: chosen?.content.name ?? '–' })}</List.Item>
        <List.Item>{t('Slug: {{slug}}', { slug: slug ?? '–' })}</List.Item>
        <List.Item>{t('Agents: {{number}}', { number: agents.length })}</List.Item>
        <List.Item>{t('Variables filled in: {{number}}', { number: filled })}</List.Item>
      </List>
      {chosen?.content.enabledCall === true && (
        <Text size="sm" c="dimmed">
          {t('Call settings will be configured after creation in Call Options tab')}
        </Text>
      )}
    </Section>
  );
}
