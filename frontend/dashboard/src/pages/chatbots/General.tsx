/** A chatbot's name, variables, agents and knowledge. */

import { Checkbox, SimpleGrid, TagsInput, Text } from '@mantine/core';
import { editChatbot, getChatbot } from '@call/client/sdk.gen';
import type { ChatbotIn } from '@call/client/types.gen';
import { zChatbotIn } from '@call/client/zod.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answer, ifMatch } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { chatbotQuery } from '../../api/queries.ts';
import type { Bot } from '../../api/queries.ts';
import { useEditor } from '../../forms/editor.ts';
import { EditorFrame } from '../../forms/EditorFrame.tsx';
import { LongField, SwitchField, TextField } from '../../forms/Fields.tsx';
import { Section } from '../../forms/Section.tsx';
import { problems } from '../../forms/validate.ts';
import { Loaded } from '../../parts/States.tsx';
import { BotAgents } from './BotAgents.tsx';

export type BotDraft = Complete<ChatbotIn>;

const versioned = (bot: Bot) => ({
  value: {
    name: bot.name,
    description: bot.description,
    agentName: bot.agentName,
    slug: bot.slug,
    variables: bot.variables,
    agents: bot.agents,
    knowledge: bot.knowledge,
  } as BotDraft,
  version: bot.version,
});

function GeneralForm({ bot }: { bot: Bot }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const path = { chatbot_id: bot.chatbotId };
  const clean = (value: BotDraft): BotDraft => ({ ...value, slug: value.slug === '' ? null : value.slug });
  const editor = useEditor<BotDraft>({
    initial: versioned(bot),
    saved: t('Chatbot saved'),
    validate: (values) => problems(t, zChatbotIn, clean(values)),
    reload: async () => versioned(await answer(getChatbot({ path }))),
    save: async (value, version) => {
      const stored = await answer(editChatbot({ path, body: clean(value), headers: ifMatch(version) }));
      cache.setQueryData(chatbotQuery(bot.chatbotId).queryKey, stored);
      await cache.invalidateQueries({ queryKey: ['chatbots'] });
      return versioned(stored);
    },
  });
  const { form } = editor;
  const { knowledge, variables, agents } = form.values;
  return (
    <EditorFrame editor={editor} save={t('Save')}>
      <Section title={t('Basic information')}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextField form={form} path="name" label={t('Chatbot Name')} required maxLength={120} />
          <TextField form={form} path="agentName" label={t('Name of the AI')} help={t('Shown to callers in the widget')} required maxLength={80} />
        </SimpleGrid>
        <TextField form={form} path="slug" label={t('Chatbot Slug')} help={t('Its name in addresses: small letters, numbers and hyphens')} maxLength={60} />
        <LongField form={form} path="description" label={t('Description')} maxLength={500} />
      </Section>
      {Object.keys(variables).length > 0 && (
        <Section title={t('Variables')} description={t('What the package asks of your company. Prompts use these values.')}>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            {Object.keys(variables).map((name) => (
              <TextField key={name} form={form} path={`variables.${name}`} label={name} maxLength={500} />
            ))}
          </SimpleGrid>
        </Section>
      )}
      {agents.length > 0 && <BotAgents form={form} chat={bot.enabledChat} call={bot.enabledCall} />}
      <Section title={t('Knowledge base')} description={t('The same for chat and call.')}>
        <SwitchField form={form} path="knowledge.enabled" label={t('Enable Knowledge Base Access')} />
        {knowledge.enabled && (
          <>
            <Checkbox label={t('All Categories')} {...form.getInputProps('knowledge.allCategories', { type: 'checkbox' })} />
            {!knowledge.allCategories && <TagsInput label={t('Categories')} description={t('Enter adds one')} {...form.getInputProps('knowledge.categories')} />}
          </>
        )}
      </Section>
      <Text size="xs" c="dimmed">
        {t('Capabilities are inherited from the package and set to enabled_chat={{chat}}, enabled_call={{call}}', { chat: String(bot.enabledChat), call: String(bot.enabledCall) })}
      </Text>
    </EditorFrame>
  );
}

export function General() {
  const { t } = useTranslation();
  const { chatbotId } = useParams({ from: '/app/chatbots/$chatbotId/settings' });
  const bot = useQuery(chatbotQuery(chatbotId));
  return (
    <Loaded query={bot} what={t('Loading the chatbot')}>
      {(found) => <GeneralForm key={found.chatbotId} bot={found} />}
    </Loaded>
  );
}
