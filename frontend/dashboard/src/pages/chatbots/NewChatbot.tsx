/** The creation wizard: package, name, variables, agents, review. */

import { Button } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { UseFormReturnType } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { createChatbot } from '@call/client/sdk.gen';
import type { Agent, NewChatbotIn, PackageVersion } from '@call/client/types.gen';
import { zNewChatbotIn } from '@call/client/zod.gen';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, once } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { problems } from '../../forms/validate.ts';
import { TextLink } from '../../parts/links.tsx';
import { Page } from '../../parts/Page.tsx';
import { Steps } from '../../parts/Steps.tsx';
import type { StepItem } from '../../parts/Steps.tsx';
import { BotAgents } from './BotAgents.tsx';
import { BasicInformation, Review, VariableValues } from './newChatbotSteps.tsx';
import { PackageChoice } from './PackageChoice.tsx';

export type NewBot = Omit<Complete<NewChatbotIn>, 'variables' | 'agents'> & {
  variables: Record<string, string>;
  agents: Complete<Agent>[];
};
export type Offered = Complete<PackageVersion>;
export type NewBotForm = UseFormReturnType<NewBot>;

/** Variables that must be filled in and are not. */
export function emptyVariables(chosen: Offered | null, values: Record<string, string>): string[] {
  return (chosen?.content.variables ?? []).filter((found) => found.required && (values[found.name] ?? '').trim() === '').map((found) => found.name);
}

function firstValues(chosen: Offered): Pick<NewBot, 'packageId' | 'variables' | 'agents'> {
  const { variables, agents } = chosen.content;
  return {
    packageId: chosen.packageId,
    variables: Object.fromEntries(variables.map((found) => [found.name, found.default ?? ''])),
    agents,
  };
}

const PLACES: readonly [RegExp, string][] = [
  [/^(packageId)/, 'package'],
  [/^(name|description|slug)/, 'basic'],
  [/^variables/, 'variables'],
  [/^agents/, 'agents'],
];

export function NewChatbot() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const [key] = useState(() => crypto.randomUUID());
  const [chosen, setChosen] = useState<Offered | null>(null);
  const [current, setCurrent] = useState(0);
  const [visited, setVisited] = useState<ReadonlySet<number>>(new Set([0]));
  const form = useForm<NewBot>({
    initialValues: { packageId: '', name: '', description: '', slug: null, variables: {}, agents: [] },
    validate: (values) => ({
      ...problems(t, zNewChatbotIn, values),
      ...Object.fromEntries(emptyVariables(chosen, values.variables).map((name) => [`variables.${name}`, t('This is required.')])),
    }),
    validateInputOnBlur: true,
  });
  const create = useMutation({
    mutationFn: () => answer(createChatbot({ body: form.getValues(), headers: once(key) })),
    onSuccess: async (made) => {
      await cache.invalidateQueries({ queryKey: ['chatbots'] });
      notifications.show({ color: 'green', message: t('Chatbot created successfully!') });
      await navigate({ to: made.enabledCall ? '/chatbots/$chatbotId/call-settings' : '/chatbots/$chatbotId/settings', params: { chatbotId: made.chatbotId } });
    },
    onError: (error) => {
      const refused = error instanceof ApiError ? error : null;
      const fields = refused?.code === 'conflict' ? { slug: refused.message } : (refused?.fields ?? {});
      form.setErrors(fields);
      notifications.show({ color: 'red', message: refused?.message ?? t('Something went wrong') });
    },
  });
  const go = (step: number): void => {
    setCurrent(step);
    setVisited(new Set([...visited, step]));
  };
  const choose = (found: Offered): void => {
    setChosen(found);
    form.setValues(firstValues(found));
    go(1);
  };
  const content = chosen?.content;
  const steps: StepItem[] = [
    { id: 'package', title: t('Select Package'), content: <PackageChoice chosen={chosen?.packageId ?? null} onChoose={choose} /> },
    { id: 'basic', title: t('Basic information'), content: <BasicInformation form={form} chosen={chosen} /> },
  ];
  if (content !== undefined && content.variables.length > 0) {
    steps.push({ id: 'variables', title: t('Variables'), content: <VariableValues form={form} variables={content.variables} /> });
  }
  if (content !== undefined && content.agents.length > 0) {
    steps.push({ id: 'agents', title: t('Agents'), content: <BotAgents form={form} chat={content.enabledChat} call={content.enabledCall} /> });
  }
  steps.push({ id: 'review', title: t('Review and create'), content: <Review form={form} chosen={chosen} /> });
  const wrong = new Set(Object.keys(form.errors).map((path) => PLACES.find(([pattern]) => pattern.test(path))?.[1]));
  const valid = (): boolean => {
    const step = steps[current]?.id;
    if (step === 'package') return chosen !== null;
    const mine = Object.keys(form.validate().errors).filter((path) => PLACES.find(([pattern]) => pattern.test(path))?.[1] === step);
    const others = Object.keys(form.errors).filter((path) => !mine.includes(path));
    for (const path of others) form.clearFieldError(path);
    return mine.length === 0;
  };
  const finish = (): void => {
    if (chosen === null) go(0);
    else if (!form.validate().hasErrors) create.mutate();
  };
  return (
    <Page title={t('Create New Chatbot')} trail={<TextLink to="/chatbots">{t('Chatbots')}</TextLink>}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (current === steps.length - 1) finish();
          else if (valid()) go(current + 1);
        }}
      >
        <Steps
          steps={steps.map((step) => ({ ...step, wrong: wrong.has(step.id) }))}
          current={current}
          visited={visited}
          onGo={(step) => (chosen === null && step > 0 ? undefined : go(step))}
          onNext={valid}
          last={
            <Button type="submit" loading={create.isPending}>
              {t('Create Chatbot')}
            </Button>
          }
        />
      </form>
    </Page>
  );
}
