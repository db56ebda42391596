/** A model of the catalogue: what it is, what it can do, what it costs, how it can sound. */

import { Checkbox, NumberInput, Radio, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { addModel, editModel, getModel } from '@call/client/sdk.gen';
import type { AiModelOutput } from '@call/client/types.gen';
import { zAiModelInput } from '@call/client/zod.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answer, ifMatch } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { allModelsQuery } from '../../api/queries.ts';
import { useEditor } from '../../forms/editor.ts';
import type { Editor } from '../../forms/editor.ts';
import { EditorFrame } from '../../forms/EditorFrame.tsx';
import { LongField, SwitchField, TextField } from '../../forms/Fields.tsx';
import { Section } from '../../forms/Section.tsx';
import { problems } from '../../forms/validate.ts';
import { TextLink } from '../../parts/links.tsx';
import { Page } from '../../parts/Page.tsx';
import { Loaded } from '../../parts/States.tsx';
import { PROVIDERS } from '../../text/names.ts';
import { cleaned, NEW_MODEL } from './modelDraft.ts';
import type { ModelDraft } from './modelDraft.ts';
import { Voices } from './Voices.tsx';

type Form = Editor<ModelDraft>['form'];

function Identity({ form, fixed }: { form: Form; fixed: boolean }) {
  const { t } = useTranslation();
  const guide = {
    chat: t('Answers in text, such as GPT-4, Claude or Gemini Pro.'),
    call: t('Hears and speaks, such as GPT Realtime or Gemini Live. Needs audio streaming by WebSocket.'),
    both: t('One model for text and voice.'),
  };
  return (
    <Section title={t('Model')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextField form={form} path="name" label={t('Model Name')} placeholder="GPT-4 Realtime" required />
        <TextField form={form} path="id" label={t('Model ID')} help={t('As the provider calls it. It cannot be changed later.')} placeholder="gpt-4-realtime-preview" required disabled={fixed} />
        <Select
          label={t('Provider')}
          required
          allowDeselect={false}
          data={Object.entries(PROVIDERS).map(([value, label]) => ({ value, label }))}
          {...form.getInputProps('provider')}
        />
        <NumberInput label={t('Max Context Window')} description={t('Tokens a conversation may hold')} min={1} thousandSeparator="," {...form.getInputProps('maxConversationTokens')} />
      </SimpleGrid>
      <Radio.Group label={t('Model Type')} required {...form.getInputProps('modelType')}>
        <Stack gap="xs" mt={6}>
          <Radio value="chat" label={t('Chat')} description={guide.chat} />
          <Radio value="call" label={t('Call')} description={guide.call} />
          <Radio value="both" label={t('Both')} description={guide.both} />
        </Stack>
      </Radio.Group>
      <LongField form={form} path="description" label={t('Description')} maxLength={2000} />
      <SwitchField form={form} path="active" label={t('Offered to companies')} />
    </Section>
  );
}

function Abilities({ form }: { form: Form }) {
  const { t } = useTranslation();
  const calls = form.values.modelType !== 'chat';
  const flags: [string, string][] = [
    ['serverInterruptsOnSpeech', t('Stops by itself when the caller speaks')],
    ['canTruncate', t('Can be told how much of an answer was heard')],
    ['canCancel', t('Answers can be cancelled')],
    ['resumable', t('Sessions can be resumed')],
    ['emitsSpeechEvents', t('Reports when speech begins and ends')],
    ['blockingTools', t('Waits for tools')],
    ['semanticVad', t('Tells from the meaning that a sentence is over')],
    ['noiseReduction', t('Reduces noise')],
    ['speedControl', t('Speed can be set')],
    ['pitchControl', t('Pitch can be set')],
    ['acceptsMulaw', t('Takes telephone audio (µ-law) as it is')],
  ];
  const box = { type: 'checkbox' } as const;
  return (
    <Section title={t('Capabilities')} description={t('What calls ask of a model is decided by these marks alone.')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <Checkbox label={t('Supports Streaming')} {...form.getInputProps('supportsStreaming', box)} />
        <Checkbox label={t('Supports Function Calling')} {...form.getInputProps('supportsFunctionCalling', box)} />
        <Checkbox label={t('Supports Vision')} {...form.getInputProps('supportsVision', box)} />
        <Checkbox label={t('Supports Audio')} checked={calls} readOnly description={t('Follows from the model type.')} />
        {calls && flags.map(([name, label]) => <Checkbox key={name} label={label} {...form.getInputProps(`capabilities.${name}`, box)} />)}
      </SimpleGrid>
      {calls && (
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <Select
            label={t('Audio it takes')}
            allowDeselect={false}
            data={[
              { value: '24000', label: 'PCM16 24kHz' },
              { value: '16000', label: 'PCM16 16kHz' },
            ]}
            value={String(form.values.capabilities.inputRate)}
            onChange={(value) => form.setFieldValue('capabilities.inputRate', value === '16000' ? 16000 : 24000)}
          />
          <NumberInput label={t('Longest connection (seconds)')} min={1} {...form.getInputProps('capabilities.maxConnectionSeconds')} />
          <TextField form={form} path="transcriptionModel" label={t('Transcription model')} help={t('Writes down what callers say.')} />
        </SimpleGrid>
      )}
    </Section>
  );
}

function Prices({ form }: { form: Form }) {
  const { t } = useTranslation();
  const calls = form.values.modelType !== 'chat';
  const price = (name: string, label: string) => (
    <NumberInput key={name} label={label} prefix="$" min={0} decimalScale={6} step={0.01} {...form.getInputProps(`prices.${name}`)} />
  );
  return (
    <Section title={t('Prices')} description={t('US dollars for a million tokens. A change counts for calls that start afterwards.')}>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        <TextField form={form} path="prices.version" label={t('Price version')} help={t('For example the month')} required />
        {price('textIn', t('Input tokens'))}
        {price('textInCached', t('Cached input tokens'))}
        {price('textOut', t('Output tokens'))}
        {calls && price('audioIn', t('Audio input tokens'))}
        {calls && price('audioInCached', t('Cached audio input tokens'))}
        {calls && price('audioOut', t('Audio output tokens'))}
        {calls && price('transcriptionPerMinute', t('Transcription per minute'))}
        {calls && price('estimatedPerMinute', t('Cost per Audio Minute'))}
      </SimpleGrid>
      {calls && (
        <Text size="xs" c="dimmed">
          {t('The cost per audio minute is shown to people as an estimate; bills come from tokens.')}
        </Text>
      )}
    </Section>
  );
}

function End({ form }: { form: Form }) {
  const { t } = useTranslation();
  const models = useQuery(allModelsQuery);
  const others = (models.data ?? []).filter((model) => model.id !== form.values.id).map((model) => ({ value: model.id, label: model.name }));
  const { value, ...date } = form.getInputProps('shutdownOn') as { value: string | null };
  return (
    <Section title={t('Shutdown')} description={t('From 90 days before, chatbots that use the model show a warning with its successor.')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput type="date" label={t('Shut down by the provider on')} {...date} value={value ?? ''} />
        <Select label={t('Successor')} clearable clearButtonProps={{ 'aria-label': t('Clear') }} searchable data={others} {...form.getInputProps('successorId')} />
      </SimpleGrid>
    </Section>
  );
}

function ModelForm({ initial, fixed }: { initial: ModelDraft; fixed: boolean }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const versioned = (model: Complete<AiModelOutput>) => ({ value: model as ModelDraft, version: model.version });
  const path = { model_id: initial.id };
  const editor = useEditor<ModelDraft>({
    initial: { value: initial, version: initial.version },
    saved: fixed ? t('AI Model saved') : t('AI Model added successfully'),
    validate: (values) => problems(t, zAiModelInput, cleaned(values)),
    reload: async () => versioned(await answer(getModel({ path }))),
    save: async (value, version) => {
      const body = cleaned(value);
      const stored = await answer(fixed ? editModel({ path, body, headers: ifMatch(version) }) : addModel({ body }));
      await cache.invalidateQueries({ queryKey: allModelsQuery.queryKey });
      if (!fixed) await navigate({ to: '/admin/ai-models', ignoreBlocker: true });
      return versioned(stored);
    },
  });
  const { form } = editor;
  return (
    <EditorFrame editor={editor} save={fixed ? t('Save model') : t('Add Model')} note={fixed ? undefined : t('A new model')}>
      <Identity form={form} fixed={fixed} />
      <Abilities form={form} />
      {form.values.modelType !== 'chat' && <Voices form={form} />}
      <Prices form={form} />
      <End form={form} />
    </EditorFrame>
  );
}

export function NewModel() {
  const { t } = useTranslation();
  return (
    <Page title={t('Add Model')} trail={<TextLink to="/admin/ai-models">{t('AI models')}</TextLink>}>
      <ModelForm initial={NEW_MODEL} fixed={false} />
    </Page>
  );
}

export function EditModel() {
  const { t } = useTranslation();
  const { modelId } = useParams({ from: '/app/admin/ai-models/$modelId' });
  const model = useQuery({ queryKey: ['model', modelId], queryFn: () => answer(getModel({ path: { model_id: modelId } })), gcTime: 0 });
  return (
    <Page title={model.data?.name ?? modelId} trail={<TextLink to="/admin/ai-models">{t('AI models')}</TextLink>}>
      <Loaded query={model} what={t('Loading the model')}>
        {(found) => <ModelForm key={found.id} initial={found as ModelDraft} fixed />}
      </Loaded>
    </Page>
  );
}
