/** The Widget tab: seven small pages, one save, and a live preview. */

import { Grid, Stack, Tabs } from '@mantine/core';
import { getCallSettings, getWidget, getWidgetVersion, listWidgetVersions, rollBackWidget, saveWidget } from '@call/client/sdk.gen';
import type { WidgetOut } from '@call/client/types.gen';
import { zWidgetConfig } from '@call/client/zod.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answer, ifMatch } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { chatbotQuery, meQuery } from '../../api/queries.ts';
import type { Bot } from '../../api/queries.ts';
import { useEditor } from '../../forms/editor.ts';
import { differences } from '../../forms/differences.ts';
import { EditorFrame } from '../../forms/EditorFrame.tsx';
import { problems } from '../../forms/validate.ts';
import { Loaded } from '../../parts/States.tsx';
import { GREETING } from './call/draft.ts';
import { Versions } from './Versions.tsx';
import { AdvancedTab } from './widget/AdvancedTab.tsx';
import { AppearanceTab } from './widget/AppearanceTab.tsx';
import { CallTab, FeaturesTab } from './widget/CallTab.tsx';
import { cleaned } from './widget/draft.ts';
import type { Config, TabProps } from './widget/draft.ts';
import { LivePreview } from './widget/LivePreview.tsx';
import { BehaviorTab, BrandingTab } from './widget/TextsTab.tsx';

type Stored = Complete<WidgetOut>;

const versioned = (stored: Stored) => ({ value: stored.config, version: stored.version });

function useTabs(props: TabProps): [string, string, React.ReactNode][] {
  const { t } = useTranslation();
  const all: [string, string, boolean, React.ReactNode][] = [
    ['appearance', t('Appearance'), true, <AppearanceTab {...props} />],
    ['branding', t('Branding'), true, <BrandingTab {...props} />],
    ['behavior', t('Behavior'), props.chat, <BehaviorTab {...props} />],
    ['callOptions', t('Call Options'), props.call, <CallTab {...props} />],
    ['features', t('Features'), true, <FeaturesTab {...props} />],
    ['advanced', t('Advanced'), true, <AdvancedTab {...props} />],
  ];
  return all.filter(([, , shown]) => shown).map(([value, label, , content]) => [value, label, content]);
}

function WidgetEditor({ stored, bot }: { stored: Stored; bot: Bot }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const me = useQuery(meQuery);
  const path = { chatbot_id: bot.chatbotId };
  const call = bot.enabledCall && me.data?.callEnabled === true;
  const calls = useQuery({ queryKey: ['call-settings', bot.chatbotId], queryFn: () => answer(getCallSettings({ path })), enabled: call });
  const keep = (saved: Stored) => {
    cache.setQueryData(['widget', bot.chatbotId], saved);
    return versioned(saved);
  };
  const editor = useEditor<Config>({
    initial: versioned(stored),
    saved: t('Widget configuration saved'),
    validate: (values) => problems(t, zWidgetConfig, cleaned(values)),
    reload: async () => versioned(await answer(getWidget({ path }))),
    save: async (value, version) => keep(await answer(saveWidget({ path, body: cleaned(value), headers: ifMatch(version) }))),
  });
  const { form } = editor;
  const recorded = calls.data?.settings?.recording.enabled === true;
  const tabs = useTabs({ form, chat: bot.enabledChat, call, recorded });
  const changed = new Set(differences(stored.config, form.values).map((found) => found.path.split('.')[0]));
  return (
    <EditorFrame editor={editor} save={t('Save Widget Configuration')} note={t('Sites that embed the widget follow within 1-2 minutes.')}>
      <Grid>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Tabs defaultValue="appearance" variant="pills">
            <Tabs.List mb="md">
              {tabs.map(([value, label]) => (
                <Tabs.Tab key={value} value={value}>
                  {label}
                  {editor.dirty && changed.has(value) && <span title={t('Unsaved changes')}> •</span>}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {tabs.map(([value, , content]) => (
              <Tabs.Panel key={value} value={value}>
                <Stack gap="lg">{content}</Stack>
              </Tabs.Panel>
            ))}
          </Tabs>
          <Stack mt="lg">
            <Versions
              editor={editor}
              queryKey={['widget-versions', bot.chatbotId]}
              list={async () => (await answer(listWidgetVersions({ path, query: { limit: 50 } }))).items}
              one={(number) => answer(getWidgetVersion({ path: { ...path, number } }))}
              rollBack={async (number, version) => keep(await answer(rollBackWidget({ path, body: { number }, headers: ifMatch(version) })))}
            />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <LivePreview config={form.values} bot={{ ...bot, enabledCall: call }} companyName={me.data?.companyName ?? ''} greeting={calls.data?.settings?.greeting ?? GREETING} />
        </Grid.Col>
      </Grid>
    </EditorFrame>
  );
}

export function WidgetPage() {
  const { t } = useTranslation();
  const { chatbotId } = useParams({ from: '/app/chatbots/$chatbotId/widget' });
  const bot = useQuery(chatbotQuery(chatbotId));
  const stored = useQuery({ queryKey: ['widget', chatbotId], queryFn: () => answer(getWidget({ path: { chatbot_id: chatbotId } })) });
  return (
    <Loaded query={bot} what={t('Loading the chatbot')}>
      {(found) => (
        <Loaded query={stored} what={t('Loading the widget')}>
          {(config) => <WidgetEditor key={chatbotId} stored={config} bot={found} />}
        </Loaded>
      )}
    </Loaded>
  );
}
