/** The last step: what the package holds, what is still missing, and its published versions. */

import { Button, Group, List, Stack, Table, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import { listPackageVersions, rollBackPackage, withdrawPackage } from '@call/client/sdk.gen';
import type { Package } from '@call/client/types.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, ifMatch } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import type { Editor } from '../../forms/editor.ts';
import { Section } from '../../forms/Section.tsx';
import { confirm } from '../../parts/confirm.tsx';
import { Capabilities } from '../../parts/Badges.tsx';
import { Loaded } from '../../parts/States.tsx';
import { When } from '../../parts/When.tsx';
import type { PackageDraft } from './packageDraft.ts';

function missing(draft: PackageDraft): { model: boolean; voice: boolean; capability: boolean; agents: boolean } {
  return {
    capability: draft.enabledChat || draft.enabledCall,
    model: !draft.enabledCall || draft.aiModelId !== null,
    voice: !draft.enabledCall || draft.voiceId !== null,
    agents: draft.packageType === 'single_agent' || draft.agents.length > 1,
  };
}

function Checklist({ draft }: { draft: PackageDraft }) {
  const { t } = useTranslation();
  const done = missing(draft);
  const items: [boolean, string][] = [
    [draft.name.trim() !== '', t('It has a name')],
    [done.capability, t('It can chat, call, or both')],
    [done.model, t('A call model is chosen')],
    [done.voice, t('A voice is chosen')],
    [done.agents, t('Several agents need at least two')],
  ];
  return (
    <List spacing={6} size="sm" center>
      {items.map(([ok, label]) => (
        <List.Item key={label} icon={ok ? <IconCheck size={16} color="var(--agent)" aria-hidden /> : <IconAlertTriangle size={16} color="var(--mantine-color-error)" aria-hidden />}>
          {label}
          <span className="visually-hidden"> {ok ? t('Done') : t('To do')}</span>
        </List.Item>
      ))}
    </List>
  );
}

function Versions({ stored, editor }: { stored: Complete<Package>; editor: Editor<PackageDraft> }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const path = { package_id: stored.packageId };
  const versions = useQuery({
    queryKey: ['package-versions', stored.packageId, stored.latestVersion],
    queryFn: () => answer(listPackageVersions({ path })),
  });
  const run = async (request: Promise<Complete<Package>>, message: string): Promise<void> => {
    try {
      const next = await request;
      cache.setQueryData(['package', stored.packageId], next);
      editor.replace({ value: next.draft, version: next.version });
      await cache.invalidateQueries({ queryKey: ['packages'] });
      notifications.show({ color: 'green', message });
    } catch (error) {
      notifications.show({ color: 'red', message: error instanceof ApiError ? error.message : t('Something went wrong') });
    }
  };
  const withdraw = (): void => {
    confirm({
      title: t('Withdraw this package?'),
      text: t('Companies can no longer deploy it. Chatbots that were made of it stay.'),
      action: t('Withdraw'),
      danger: true,
      run: () => void run(answer(withdrawPackage({ path, headers: ifMatch(editor.version) })), t('Withdrawn.')),
    });
  };
  return (
    <Section title={t('Published versions')}>
      <Loaded query={versions} what={t('Loading the versions')}>
        {({ items }) =>
          items.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('Nothing was published yet. Companies see the package once you publish it.')}
            </Text>
          ) : (
            <Table>
              <Table.Tbody>
                {items.map((version) => (
                  <Table.Tr key={version.number}>
                    <Table.Td>{t('Version {{number}}', { number: version.number })}</Table.Td>
                    <Table.Td>
                      <When iso={version.publishedAt} />
                    </Table.Td>
                    <Table.Td ta="right">
                      {version.number === stored.publishedVersion ? (
                        <Text size="sm" fw={600}>
                          {t('Offered now')}
                        </Text>
                      ) : (
                        <Button
                          size="compact-sm"
                          variant="default"
                          disabled={editor.dirty}
                          onClick={() =>
                            void run(
                              answer(rollBackPackage({ path, body: { number: version.number }, headers: ifMatch(editor.version) })),
                              t('Version {{number}} is offered again.', { number: version.number }),
                            )
                          }
                        >
                          {t('Offer again')}
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Loaded>
      {stored.publishedVersion > 0 && (
        <div>
          <Button variant="subtle" color="red" disabled={editor.dirty} onClick={withdraw}>
            {t('Withdraw')}
          </Button>
        </div>
      )}
    </Section>
  );
}

export function ReviewStep({ stored, editor }: { stored: Complete<Package> | null; editor: Editor<PackageDraft> }) {
  const { t } = useTranslation();
  const draft = editor.form.values;
  return (
    <Stack>
      <Section title={t('Review and publish')} description={t('A draft can be saved at any time; to publish, everything here must be done.')}>
        <Group>
          <Text fw={600}>{draft.name || t('Without a name')}</Text>
          <Capabilities chat={draft.enabledChat} call={draft.enabledCall} />
        </Group>
        <Text size="sm">{t('Agents: {{agents}} · Variables: {{variables}} · Category: {{category}}', { agents: draft.agents.length, variables: draft.variables.length, category: draft.category })}</Text>
        <Checklist draft={draft} />
      </Section>
      {stored !== null && <Versions stored={stored} editor={editor} />}
    </Stack>
  );
}
