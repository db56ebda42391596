/** Section 4: hearing, audio, tools, and what happens when the provider is down. */

import { Accordion, Card, Checkbox, NumberInput, Radio, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { zCallSettings } from '@call/client/zod.gen';
import type { AiModel } from '../../../api/queries.ts';
import { SliderField, SwitchField } from '../../../forms/Fields.tsx';
import { limitsOf } from '../../../forms/limits.ts';
import { Section } from '../../../forms/Section.tsx';
import { sensitivityText, TOOLS } from './draft.ts';
import type { SettingsForm } from './draft.ts';

const SCENARIOS = ['success', 'interruptions', 'silence_timeout', 'error', 'escalation', 'function_calling'];

interface Props {
  form: SettingsForm;
  model: AiModel | undefined;
  models: AiModel[];
}

function Hearing({ form, model }: Pick<Props, 'form' | 'model'>) {
  const { t } = useTranslation();
  return (
    <Stack>
      <SliderField
        form={form}
        path="vad.sensitivity"
        label={t('VAD Sensitivity')}
        help={t('Adjust how easily the system detects when the user starts speaking')}
        min={0}
        max={1}
        step={0.1}
        show={(value) => value.toFixed(1)}
      />
      <Text size="xs" c="dimmed" role="status">
        {t(sensitivityText(form.values.vad.sensitivity))}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NumberInput
          label={t('Prefix Padding (ms)')}
          description={t('Audio buffered before detected speech start. Prevents cutting off beginning of words.')}
          step={50}
          {...limitsOf(zCallSettings, 'vad.prefixPaddingMs')}
          {...form.getInputProps('vad.prefixPaddingMs')}
        />
        <NumberInput
          label={t('Silence Duration (ms)')}
          description={t('How long a pause before considering speech ended. Shorter = faster response, but may cut off multi-clause sentences.')}
          step={50}
          {...limitsOf(zCallSettings, 'vad.silenceDurationMs')}
          {...form.getInputProps('vad.silenceDurationMs')}
        />
      </SimpleGrid>
      {model?.capabilities.semanticVad === true && (
        <>
          <SwitchField form={form} path="vad.semantic" label={t('Tell from the meaning when a sentence is over')} help={t('Instead of waiting for a pause')} />
          {form.values.vad.semantic && (
            <Select
              label={t('Eagerness to answer')}
              allowDeselect={false}
              maw={300}
              data={[
                { value: 'auto', label: t('Automatic') },
                { value: 'low', label: t('Low') },
                { value: 'medium', label: t('Medium') },
                { value: 'high', label: t('High') },
              ]}
              {...form.getInputProps('vad.eagerness')}
            />
          )}
        </>
      )}
    </Stack>
  );
}

function Audio({ form }: Pick<Props, 'form'>) {
  const { t } = useTranslation();
  return (
    <Stack>
      <SwitchField
        form={form}
        path="audio.echoCancellation"
        label={t('Echo Cancellation')}
        help={`${t('Removes echo from audio, improving quality')}. ${t('Applied at audio capture level')}`}
      />
      <SwitchField form={form} path="audio.noiseSuppression" label={t('Noise Suppression')} help={t("Reduces background noise from caller's environment")} />
      {form.values.audio.noiseSuppression && (
        <Radio.Group label={t('Level')} {...form.getInputProps('audio.noiseSuppressionLevel')}>
          <SimpleGrid cols={3} mt={4} maw={320}>
            <Radio value="low" label={t('Low')} />
            <Radio value="medium" label={t('Medium')} />
            <Radio value="high" label={t('High')} />
          </SimpleGrid>
        </Radio.Group>
      )}
    </Stack>
  );
}

/** An empty list means every tool. */
function Tools({ form }: Pick<Props, 'form'>) {
  const { t } = useTranslation();
  const { enabled, allowed } = form.values.tools;
  const on = (name: string): boolean => allowed.length === 0 || allowed.includes(name);
  const toggle = (name: string): void => {
    const names = TOOLS.map((tool) => tool.name as string);
    const next = names.filter((other) => (other === name ? !on(other) : on(other)));
    if (next.length > 0) form.setFieldValue('tools.allowed', next.length === names.length ? [] : next);
  };
  return (
    <Stack>
      <SwitchField
        form={form}
        path="tools.enabled"
        label={t('Enable Tools During Calls')}
        help={t('The AI says “Let me check that for you...”, the tool runs (1 to 5 seconds), and the answer goes on with its result.')}
      />
      {enabled &&
        TOOLS.map((tool) => (
          <Checkbox
            key={tool.name}
            checked={on(tool.name)}
            onChange={() => toggle(tool.name)}
            label={<code>{tool.name}</code>}
            description={`${t(tool.about)} (${tool.parameters})`}
          />
        ))}
      {enabled && (
        <Text size="xs" c="dimmed">
          {t('At least one tool stays on; to use none, switch tools off.')}
        </Text>
      )}
    </Stack>
  );
}

function Fallback({ form, models }: Pick<Props, 'form' | 'models'>) {
  const { t } = useTranslation();
  const effects = {
    reject: `“We're experiencing technical difficulties. Please try again later.” ${t('Then the call ends.')}`,
    queue_for_human: t('The caller is handed to a human; if nobody is free, a number to call back is taken.'),
    offer_callback: `“Our system is temporarily unavailable. Press 1 to leave your number for a callback.” ${t('The number is taken by keys or speech.')}`,
  };
  return (
    <Stack>
      <Select
        label={t('Second model')}
        description={t('Tried first when the chosen model cannot be reached.')}
        placeholder={t('None')}
        clearable
        clearButtonProps={{ 'aria-label': t('Clear') }}
        maw={420}
        data={models.filter((model) => model.id !== form.values.aiModelId).map((model) => ({ value: model.id, label: model.name }))}
        {...form.getInputProps('fallbackModelId')}
      />
      <Select
        label={t('Behavior When Provider Unavailable')}
        allowDeselect={false}
        maw={420}
        data={[
          { value: 'reject', label: t('Reject call with message') },
          { value: 'queue_for_human', label: t('Queue for human agent') },
          { value: 'offer_callback', label: t('Play maintenance message and offer callback') },
        ]}
        {...form.getInputProps('fallback')}
      />
      <Text size="sm" c="dimmed">
        {effects[form.values.fallback]}
      </Text>
    </Stack>
  );
}

export function AdvancedSection({ form, model, models }: Props) {
  const { t } = useTranslation();
  const parts: [string, string, React.ReactNode][] = [
    ['hearing', t('Hearing when the caller speaks'), <Hearing form={form} model={model} />],
    ['audio', t('Audio Processing'), <Audio form={form} />],
    ['tools', t('Tools'), <Tools form={form} />],
    ['fallback', t('When the AI provider is down'), <Fallback form={form} models={models} />],
  ];
  return (
    <Section title={t('Advanced Call Settings')}>
      <Accordion variant="contained" multiple>
        {parts.map(([value, title, content]) => (
          <Accordion.Item key={value} value={value}>
            <Accordion.Control>{title}</Accordion.Control>
            <Accordion.Panel>
              <Card padding="sm" withBorder={false} bg="transparent">
                {content}
              </Card>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
      {model?.provider === 'simulated' && (
        <Select
          label={t('Scenario of the simulated model')}
          placeholder={t('None: it converses freely')}
          clearable
          clearButtonProps={{ 'aria-label': t('Clear') }}
          maw={420}
          data={SCENARIOS}
          {...form.getInputProps('scenario')}
        />
      )}
    </Section>
  );
}
