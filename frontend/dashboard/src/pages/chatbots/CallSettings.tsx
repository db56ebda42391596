/** Call Options: every setting of a chatbot's calls, checked while they are edited, saved as versions. */

import { Button, Grid, Stack } from '@mantine/core';
import {
  getCallSettings,
  getCallSettingsVersion,
  listCallSettingsVersions,
  rollBackCallSettings,
  saveCallSettings,
} from '@call/client/sdk.gen';
import type { CallSettingsOut } from '@call/client/types.gen';
import { zCallSettings } from '@call/client/zod.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, ifMatch } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { callModelsQuery, chatbotQuery, meQuery } from '../../api/queries.ts';
import type { AiModel } from '../../api/queries.ts';
import { useEditor } from '../../forms/editor.ts';
import { EditorFrame } from '../../forms/EditorFrame.tsx';
import { problems } from '../../forms/validate.ts';
import { Loaded } from '../../parts/States.tsx';
import { AdvancedSection } from './call/AdvancedSection.tsx';
import { cleaned, DEFAULTS } from './call/draft.ts';
import type { Settings } from './call/draft.ts';
import { InterruptionSection, RecordingSection, TranscriptionSection } from './call/FeatureSection.tsx';
import { GreetingSection } from './call/GreetingSection.tsx';
import { LintPanel } from './call/LintPanel.tsx';
import { Preview } from './call/Preview.tsx';
import { TimingSection } from './call/TimingSection.tsx';
import { VoiceSection } from './call/VoiceSection.tsx';
import { Versions } from './Versions.tsx';

type View = Complete<CallSettingsOut>;

const versioned = (view: View) => ({ value: view.settings ?? DEFAULTS, version: view.number });

function SettingsEditor({ view, models, chatbotId }: { view: View; models: AiModel[]; chatbotId: string }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const me = useQuery(meQuery);
  const bot = useQuery(chatbotQuery(chatbotId));
  const [preview, setPreview] = useState(false);
  const path = { chatbot_id: chatbotId };
  const stored = async (saved: View) => {
    cache.setQueryData(['call-settings', chatbotId], saved);
    await cache.invalidateQueries({ queryKey: chatbotQuery(chatbotId).queryKey });
    await cache.invalidateQueries({ queryKey: ['chatbots'] });
    return versioned(saved);
  };
  const editor = useEditor<Settings>({
    initial: versioned(view),
    saved: t('Call settings saved successfully'),
    validate: (values) => problems(t, zCallSettings, cleaned(values)),
    reload: async () => versioned(await answer(getCallSettings({ path }))),
    save: async (value, version) => stored(await answer(saveCallSettings({ path, body: cleaned(value), headers: ifMatch(version) }))),
  });
  const { form } = editor;
  const model = models.find((found) => found.id === form.values.aiModelId);
  return (
    <EditorFrame
      editor={editor}
      save={t('Save Call Settings')}
      always={editor.version === 0}
      note={editor.version === 0 ? t('Proposed by the package. Calls are answered once you save.') : t('Version {{number}} is in force', { number: editor.version })}
      more={
        <Button variant="default" onClick={() => setPreview(true)}>
          {t('Preview Call Settings')}
        </Button>
      }
    >
      <Grid>
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="lg">
            <VoiceSection form={form} models={models} />
            <GreetingSection form={form} company={me.data?.companyName ?? ''} agent={bot.data?.agentName ?? ''} />
            <TimingSection form={form} />
            <RecordingSection form={form} />
            <TranscriptionSection form={form} />
            <InterruptionSection form={form} />
            <AdvancedSection form={form} model={model} models={models} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="lg" className="side">
            <LintPanel chatbotId={chatbotId} settings={form.values} />
            <Versions
              editor={editor}
              queryKey={['call-settings-versions', chatbotId]}
              list={async () => (await answer(listCallSettingsVersions({ path, query: { limit: 50 } }))).items}
              one={(number) => answer(getCallSettingsVersion({ path: { ...path, number } }))}
              rollBack={async (number, version) => stored(await answer(rollBackCallSettings({ path, body: { number }, headers: ifMatch(version) })))}
            />
          </Stack>
        </Grid.Col>
      </Grid>
      {preview && (
        <Preview settings={form.values} models={models} chatbotId={chatbotId} testable={editor.version > 0 && !editor.dirty} onClose={() => setPreview(false)} />
      )}
    </EditorFrame>
  );
}

export function CallSettingsPage() {
  const { t } = useTranslation();
  const { chatbotId } = useParams({ from: '/app/chatbots/$chatbotId/call-settings' });
  const view = useQuery({
    queryKey: ['call-settings', chatbotId],
    queryFn: () => answer(getCallSettings({ path: { chatbot_id: chatbotId } })),
  });
  const models = useQuery(callModelsQuery);
  return (
    <Loaded query={view} what={t('Loading the call settings')}>
      {(found) => (
        <Loaded query={models} what={t('Loading the models')}>
          {(offered) => <SettingsEditor key={chatbotId} view={found} models={offered} chatbotId={chatbotId} />}
        </Loaded>
      )}
    </Loaded>
  );
}
