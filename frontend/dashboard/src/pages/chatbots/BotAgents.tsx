/** The agents of a chatbot as the company may adjust them; which there are is the package's matter. */

import { Card, SimpleGrid, Stack, TagsInput, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Agent } from '@call/client/types.gen';
import type { Complete } from '../../api/http.ts';
import { LongField, SliderField, TextField } from '../../forms/Fields.tsx';
import type { AnyForm } from '../../forms/Fields.tsx';
import { Section } from '../../forms/Section.tsx';

export function BotAgents({ form, chat, call }: { form: AnyForm; chat: boolean; call: boolean }) {
  const { t } = useTranslation();
  const { agents } = form.values as { agents: Complete<Agent>[] };
  return (
    <Section title={t('Agents')} description={t('Adjust what the package proposes. Their models are the package’s.')}>
      {agents.map((agent, index) => {
        const path = `agents.${index}`;
        return (
          <Card key={agent.agentId} padding="md">
            <Stack gap="sm">
              <TextField form={form} path={`${path}.name`} label={t('Name')} required maxLength={80} />
              {chat && agent.useForChat && <LongField form={form} path={`${path}.chatPrompt`} label={t('System prompt for chats')} maxLength={10_000} />}
              {call && agent.useForCall && <LongField form={form} path={`${path}.callPrompt`} label={t('System prompt for calls')} maxLength={10_000} />}
              <SimpleGrid cols={{ base: 1, sm: 2 }}>
                <SliderField form={form} path={`${path}.temperature`} label={t('Temperature')} help={t('Higher answers vary more')} min={0} max={2} step={0.1} show={(value) => value.toFixed(1)} />
                <TagsInput label={t('Knowledge base categories')} {...form.getInputProps(`${path}.knowledgeCategories`)} />
              </SimpleGrid>
            </Stack>
          </Card>
        );
      })}
      {call && (
        <Text size="sm" c="dimmed">
          {t('Call settings will be configured after creation in Call Options tab')}
        </Text>
      )}
    </Section>
  );
}
