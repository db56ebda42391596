/** The package wizard: nine steps over one draft; publishing offers the draft to companies. */

import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { createPackage, editPackage, getPackage, publishPackage } from '@call/client/sdk.gen';
import type { Package } from '@call/client/types.gen';
import { zPackageContent } from '@call/client/zod.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TFunction } from 'i18next';
import { ApiError, answer, ifMatch } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { useEditor } from '../../forms/editor.ts';
import type { Editor } from '../../forms/editor.ts';
import { EditorFrame } from '../../forms/EditorFrame.tsx';
import { problems } from '../../forms/validate.ts';
import { Capabilities, Published } from '../../parts/Badges.tsx';
import { TextLink } from '../../parts/links.tsx';
import { Page } from '../../parts/Page.tsx';
import { Loaded } from '../../parts/States.tsx';
import { Steps } from '../../parts/Steps.tsx';
import { AgentsStep } from './packageAgents.tsx';
import { NEW_PACKAGE, STEPS, stepsWith } from './packageDraft.ts';
import type { PackageDraft, StepId } from './packageDraft.ts';
import { ModelStep } from './packageModel.tsx';
import { ReviewStep } from './PackageReview.tsx';
import { BasicStep, CallStep, CapabilitiesStep, ExecutionStep, KnowledgeStep, VariablesStep } from './packageSteps.tsx';

type Stored = Complete<Package>;

const versioned = (found: Stored) => ({ value: found.draft, version: found.version });

function check(t: TFunction, values: PackageDraft): Record<string, string> {
  const found = problems(t, zPackageContent, values);
  if (!values.enabledChat && !values.enabledCall) found.enabledChat = t('At least one capability (Chat or Call) must be enabled');
  return found;
}

interface Publishing {
  publishing: boolean;
  publish(version: number): Promise<void>;
}

function usePublish(packageId: string | null, editor: Editor<PackageDraft>): Publishing {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [publishing, setPublishing] = useState(false);
  return {
    publishing,
    publish: async (version) => {
      if (packageId === null) return;
      setPublishing(true);
      try {
        const stored = await answer(publishPackage({ path: { package_id: packageId }, headers: ifMatch(version) }));
        cache.setQueryData(['package', packageId], stored);
        await cache.invalidateQueries({ queryKey: ['packages'] });
        editor.replace(versioned(stored));
        notifications.show({ color: 'green', message: t('Published as version {{version}}.', { version: stored.publishedVersion }) });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        editor.form.setErrors(error.fields);
        notifications.show({ color: 'red', message: error.message });
      } finally {
        setPublishing(false);
      }
    },
  };
}

function titles(t: TFunction): Record<StepId, string> {
  return {
    basic: t('Basic information'),
    capabilities: t('Capabilities'),
    agents: t('Agents'),
    model: t('Model and voice'),
    knowledge: t('Knowledge base'),
    call: t('Call settings'),
    variables: t('Variables'),
    execution: t('Execution'),
    review: t('Review and publish'),
  };
}

function Wizard({ stored }: { stored: Stored | null }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [current, setCurrent] = useState(0);
  const [visited, setVisited] = useState<ReadonlySet<number>>(new Set([0]));
  const packageId = stored?.packageId ?? null;
  const editor = useEditor<PackageDraft>({
    initial: stored === null ? { value: NEW_PACKAGE, version: 0 } : versioned(stored),
    saved: t('Draft saved'),
    validate: (values) => check(t, values),
    reload: async () => versioned(await answer(getPackage({ path: { package_id: packageId ?? '' } }))),
    save: async (body, version) => {
      const request = packageId === null ? createPackage({ body }) : editPackage({ path: { package_id: packageId }, body, headers: ifMatch(version) });
      const made = await answer(request);
      cache.setQueryData(['package', made.packageId], made);
      await cache.invalidateQueries({ queryKey: ['packages'] });
      if (packageId === null) await navigate({ to: '/admin/chatbot-packages/$packageId/edit', params: made, ignoreBlocker: true });
      return versioned(made);
    },
  });
  const publishing = usePublish(packageId, editor);
  const { form } = editor;
  const wrong = stepsWith(Object.keys(form.errors));
  const names = titles(t);
  const content: Record<StepId, React.ReactNode> = {
    basic: <BasicStep form={form} />,
    capabilities: <CapabilitiesStep form={form} />,
    agents: <AgentsStep form={form} />,
    model: <ModelStep form={form} />,
    knowledge: <KnowledgeStep form={form} />,
    call: <CallStep form={form} />,
    variables: <VariablesStep form={form} />,
    execution: <ExecutionStep form={form} />,
    review: <ReviewStep stored={stored} editor={editor} />,
  };
  const publish = (
    <Button
      variant="light"
      disabled={packageId === null || editor.dirty}
      loading={publishing.publishing}
      title={editor.dirty || packageId === null ? t('Save the draft first') : undefined}
      onClick={() => void publishing.publish(editor.version)}
    >
      {t('Publish Package')}
    </Button>
  );
  const go = (step: number): void => {
    setCurrent(step);
    setVisited(new Set([...visited, step]));
  };
  return (
    <EditorFrame editor={editor} save={t('Save as Draft')} more={publish} note={packageId === null ? t('A new package') : undefined}>
      <Steps
        current={current}
        visited={visited}
        onGo={go}
        steps={STEPS.map((id) => ({ id, title: names[id], wrong: wrong.has(id), content: content[id] }))}
      />
    </EditorFrame>
  );
}

export function NewPackage() {
  const { t } = useTranslation();
  return (
    <Page title={t('Create New Package')} trail={<TextLink to="/admin/chatbot-packages">{t('Chatbot packages')}</TextLink>}>
      <Wizard stored={null} />
    </Page>
  );
}

export function EditPackage() {
  const { t } = useTranslation();
  const { packageId } = useParams({ from: '/app/admin/chatbot-packages/$packageId/edit' });
  const found = useQuery({ queryKey: ['package', packageId], queryFn: () => answer(getPackage({ path: { package_id: packageId } })) });
  return (
    <Page
      title={found.data?.draft.name ?? t('Package')}
      trail={<TextLink to="/admin/chatbot-packages">{t('Chatbot packages')}</TextLink>}
      description={t('Changes count for chatbots that are created afterwards; existing ones keep their version.')}
      badges={
        found.data !== undefined && (
          <>
            <Capabilities chat={found.data.draft.enabledChat} call={found.data.draft.enabledCall} />
            <Published version={found.data.publishedVersion} />
          </>
        )
      }
    >
      <Loaded query={found} what={t('Loading the package')}>
        {(stored) => <Wizard key={stored.packageId} stored={stored} />}
      </Loaded>
    </Page>
  );
}
