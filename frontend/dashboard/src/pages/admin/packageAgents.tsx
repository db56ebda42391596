/** The agents of a package. */

import { ActionIcon, Button, Card, Group, NumberInput, Select, SimpleGrid, Stack, Switch, TagsInput, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { allModelsQuery } from '../../api/queries.ts';
import { LongField, SliderField, TextField } from '../../forms/Fields.tsx';
import { Section } from '../../forms/Section.tsx';
import { newAgent } from './packageDraft.ts';
import type { StepProps } from './packageSteps.tsx';

function AgentCard({ form, index }: StepProps & { index: number }) {
  const { t } = useTranslation();
  const models = useQuery(allModelsQuery);
  const path = `agents.${index}`;
  const agent = form.values.agents[index];
  const { enabledChat, enabledCall, packageType, agents } = form.values;
  const options = (kind: 'chat' | 'call') =>
    (models.data ?? []).filter((model) => model.active && (model.modelType === kind || model.modelType === 'both')).map((model) => ({ value: model.id, label: model.name }));
  const model = { clearable: true, clearButtonProps: { 'aria-label': t('Clear') }, placeholder: t('The package’s model') };
  if (agent === undefined) return null;
  return (
    <Card padding="md">
      <Stack gap="sm">
        <Group justify="space-between">
          <Text fw={600}>{agent.name || t('New agent')}</Text>
          {agents.length > 1 && (
            <ActionIcon variant="subtle" color="red" aria-label={t('Remove the agent {{name}}', { name: agent.name })} onClick={() => form.removeListItem('agents', index)}>
              <IconTrash size={18} aria-hidden />
            </ActionIcon>
          )}
        </Group>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          <TextField form={form} path={`${path}.name`} label={t('Name')} required />
          <TextField form={form} path={`${path}.agentId`} label={t('Identifier')} help={t('Small letters, numbers and hyphens')} required />
        </SimpleGrid>
        <Group>
          {enabledChat && <Switch label={t('Use for Chat')} {...form.getInputProps(`${path}.useForChat`, { type: 'checkbox' })} />}
          {enabledCall && <Switch label={t('Use for Call')} {...form.getInputProps(`${path}.useForCall`, { type: 'checkbox' })} />}
        </Group>
        {enabledChat && agent.useForChat && (
          <>
            <LongField form={form} path={`${path}.chatPrompt`} label={t('System prompt for chats')} maxLength={10_000} />
            <Select label={t('Chat model')} data={options('chat')} {...model} {...form.getInputProps(`${path}.chatModelId`)} />
          </>
        )}
        {enabledCall && agent.useForCall && (
          <>
            <LongField form={form} path={`${path}.callPrompt`} label={t('System prompt for calls')} help={t('Short sentences, one question at a time: what reads well seldom speaks well.')} maxLength={10_000} />
            <Select label={t('Call model')} data={options('call')} {...model} {...form.getInputProps(`${path}.callModelId`)} />
          </>
        )}
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          <SliderField form={form} path={`${path}.temperature`} label={t('Temperature')} help={t('Higher answers vary more')} min={0} max={2} step={0.1} show={(value) => value.toFixed(1)} />
          <NumberInput label={t('Max tokens of an answer')} placeholder={t('No limit')} min={1} max={128_000} {...form.getInputProps(`${path}.maxTokens`)} value={agent.maxTokens ?? ''} onChange={(value) => form.setFieldValue(`${path}.maxTokens`, value === '' ? null : Number(value))} />
        </SimpleGrid>
        {form.values.knowledge.enabled && <TagsInput label={t('Knowledge base categories')} {...form.getInputProps(`${path}.knowledgeCategories`)} />}
        {packageType === 'multi_agent' && <TextField form={form} path={`${path}.routingRule`} label={t('Takes over when')} maxLength={500} />}
      </Stack>
    </Card>
  );
}

export function AgentsStep({ form }: StepProps) {
  const { t } = useTranslation();
  const { agents, packageType } = form.values;
  const many = packageType === 'multi_agent';
  return (
    <Section title={t('Agents')} description={many ? t('Several agents hand a conversation to each other by their rules.') : t('Who answers. Chat and call can have a prompt and a model each.')}>
      {agents.map((_, index) => (
        <AgentCard key={index} form={form} index={index} />
      ))}
      {(many || agents.length === 0) && agents.length < 8 && (
        <div>
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => form.insertListItem('agents', newAgent(agents.length + 1))}>
            {t('Add agent')}
          </Button>
        </div>
      )}
    </Section>
  );
}
