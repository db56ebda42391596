/** The simpler steps of the package wizard. */

import { ActionIcon, Alert, Autocomplete, Button, Card, Checkbox, Group, NumberInput, Radio, Select, SimpleGrid, Stack, TagsInput, Text } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle, IconPlus, IconTrash } from '@tabler/icons-react';
import { zPackageContent } from '@call/client/zod.gen';
import { useTranslation } from 'react-i18next';
import type { Editor } from '../../forms/editor.ts';
import { LongField, SliderField, SwitchField, TextField } from '../../forms/Fields.tsx';
import { limitsOf } from '../../forms/limits.ts';
import { Section } from '../../forms/Section.tsx';
import type { PackageDraft } from './packageDraft.ts';

export interface StepProps {
  form: Editor<PackageDraft>['form'];
}

const CATEGORIES = ['Customer Support', 'Sales', 'Technical Support', 'HR'];

export function BasicStep({ form }: StepProps) {
  const { t } = useTranslation();
  return (
    <Section title={t('Basic information')}>
      <TextField form={form} path="name" label={t('Package Name')} placeholder="Customer Support Call Agent" required maxLength={120} />
      <LongField form={form} path="description" label={t('Package Description')} maxLength={2000} />
      <Autocomplete label={t('Category')} data={CATEGORIES} required maxLength={60} {...form.getInputProps('category')} />
      <Radio.Group label={t('Package Type')} {...form.getInputProps('packageType')}>
        <Group mt={6}>
          <Radio value="single_agent" label={t('Single Agent')} />
          <Radio value="multi_agent" label={t('Multi-Agent')} />
        </Group>
      </Radio.Group>
    </Section>
  );
}

export function CapabilitiesStep({ form }: StepProps) {
  const { t } = useTranslation();
  const { enabledChat, enabledCall } = form.values;
  const { error, ...chat } = form.getInputProps('enabledChat', { type: 'checkbox' });
  return (
    <Section title={t('Capabilities')} description={t('A change counts for chatbots that are created afterwards.')}>
      <Checkbox label={t('Enable Chat')} description={t('This chatbot can handle text-based conversations')} {...chat} />
      <Checkbox
        label={t('Enable Call')}
        description={`${t('This chatbot can handle voice conversations')} · ${t('Requires OpenAI Realtime or Gemini Live model')}`}
        {...form.getInputProps('enabledCall', { type: 'checkbox' })}
      />
      {(error != null || (!enabledChat && !enabledCall)) && (
        <Alert color="red" variant="light" role="alert" icon={<IconAlertTriangle aria-hidden />}>
          {t('At least one capability (Chat or Call) must be enabled')}
        </Alert>
      )}
      {enabledCall && !enabledChat && (
        <Alert color="yellow" variant="light" role="status" icon={<IconInfoCircle aria-hidden />}>
          {t('Chatbot will only accept voice calls, not text chat')}
        </Alert>
      )}
    </Section>
  );
}

export function KnowledgeStep({ form }: StepProps) {
  const { t } = useTranslation();
  const { knowledge } = form.values;
  return (
    <Section title={t('Knowledge base')}>
      <SwitchField
        form={form}
        path="knowledge.enabled"
        label={t('Enable Knowledge Base Access')}
        help={t('In calls the answer is a spoken summary without visual sources, and there may be a pause while it is looked up.')}
      />
      {knowledge.enabled && (
        <>
          <Checkbox label={t('All Categories')} {...form.getInputProps('knowledge.allCategories', { type: 'checkbox' })} />
          {!knowledge.allCategories && (
            <TagsInput label={t('Categories')} description={t('Enter adds one')} {...form.getInputProps('knowledge.categories')} />
          )}
        </>
      )}
    </Section>
  );
}

export function CallStep({ form }: StepProps) {
  const { t } = useTranslation();
  if (!form.values.enabledCall) {
    return (
      <Section title={t('Call settings')}>
        <Text size="sm" c="dimmed">
          {t('This package takes no calls. Enable them under Capabilities.')}
        </Text>
      </Section>
    );
  }
  return (
    <Section title={t('Call settings')} description={t('What chatbots of this package start with; companies change it under Call Options.')}>
      <LongField form={form} path="greeting" label={t('Default Call Greeting')} {...limitsOf(zPackageContent, 'greeting')} />
      <SliderField
        form={form}
        path="maxDurationMinutes"
        label={t('Default Maximum Call Duration')}
        help={t('Calls automatically end after this duration')}
        min={1}
        max={60}
        show={(value) => t('{{minutes}} minutes', { minutes: value })}
      />
      <SliderField
        form={form}
        path="silenceTimeoutSeconds"
        label={t('Default Silence Timeout')}
        help={t('Call ends if user is silent for this duration')}
        min={30}
        max={300}
        step={15}
        show={(value) => t('{{seconds}} seconds', { seconds: value })}
      />
      <SwitchField form={form} path="recording" label={t('Call Recording Default')} help={t('Ensure compliance with local recording laws')} />
      <SwitchField form={form} path="transcription" label={t('Transcription Default')} help={t('Generate real-time transcripts of calls')} />
    </Section>
  );
}

export function VariablesStep({ form }: StepProps) {
  const { t } = useTranslation();
  const kinds = [
    { value: 'text', label: t('Text') },
    { value: 'number', label: t('Number') },
    { value: 'select', label: t('Select') },
    { value: 'phone', label: t('Phone number') },
  ];
  return (
    <Section title={t('Variables')} description={t('Values each company fills in. Write {{place}} in a prompt or greeting where one belongs.', { place: '{{name}}' })}>
      {form.values.variables.map((variable, index) => (
        <Card key={index} padding="md">
          <Stack gap="sm">
            <Group justify="space-between">
              <Text fw={600}>{variable.name || t('New variable')}</Text>
              <ActionIcon variant="subtle" color="red" aria-label={t('Remove the variable {{name}}', { name: variable.name })} onClick={() => form.removeListItem('variables', index)}>
                <IconTrash size={18} aria-hidden />
              </ActionIcon>
            </Group>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
              <TextField form={form} path={`variables.${index}.name`} label={t('Name')} placeholder="businessHours" required />
              <Select label={t('Type')} allowDeselect={false} data={kinds} {...form.getInputProps(`variables.${index}.kind`)} />
              <TextField form={form} path={`variables.${index}.description`} label={t('Description')} />
              <TextField form={form} path={`variables.${index}.default`} label={t('Default')} />
            </SimpleGrid>
            {variable.kind === 'select' && <TagsInput label={t('Options')} description={t('Enter adds one')} {...form.getInputProps(`variables.${index}.options`)} />}
            <Checkbox label={t('Required')} {...form.getInputProps(`variables.${index}.required`, { type: 'checkbox' })} />
          </Stack>
        </Card>
      ))}
      <div>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => form.insertListItem('variables', { name: '', description: '', kind: 'text', required: false, default: null, options: [] })}
        >
          {t('Add variable')}
        </Button>
      </div>
    </Section>
  );
}

export function ExecutionStep({ form }: StepProps) {
  const { t } = useTranslation();
  return (
    <Section title={t('Execution')} description={t('Bounds of what the agents’ tools may use.')}>
      <SwitchField form={form} path="execution.sandbox" label={t('Run tools in a sandbox')} />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NumberInput label={t('Maximum execution time (seconds)')} {...limitsOf(zPackageContent, 'execution.maxSeconds')} {...form.getInputProps('execution.maxSeconds')} />
        <NumberInput label={t('Memory limit (MB)')} {...limitsOf(zPackageContent, 'execution.memoryMb')} {...form.getInputProps('execution.memoryMb')} />
      </SimpleGrid>
      <TagsInput label={t('Tools the agents may use')} description={t('Enter adds one')} {...form.getInputProps('execution.tools')} />
    </Section>
  );
}
