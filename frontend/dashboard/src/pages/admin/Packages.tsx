/** Packages companies deploy chatbots from. */

import { SegmentedControl } from '@mantine/core';
import { IconBox, IconPlus } from '@tabler/icons-react';
import { listPackages } from '@call/client/sdk.gen';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { Capabilities, Published } from '../../parts/Badges.tsx';
import { ButtonLink, TextLink } from '../../parts/links.tsx';
import { List } from '../../parts/List.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty } from '../../parts/States.tsx';

type Wanted = 'all' | 'chat' | 'call' | 'both';

export function capabilityOf(content: { enabledChat: boolean; enabledCall: boolean }): Wanted {
  if (content.enabledChat && content.enabledCall) return 'both';
  return content.enabledCall ? 'call' : 'chat';
}

export function Packages() {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState<Wanted>('all');
  const add = (
    <ButtonLink to="/admin/chatbot-packages/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t('Create New Package')}
    </ButtonLink>
  );
  return (
    <Page title={t('Chatbot packages')} description={t('Templates with agents, model and voice. Companies deploy what is published.')} actions={add}>
      <SegmentedControl
        aria-label={t('Capability')}
        value={wanted}
        onChange={(value) => setWanted(value as Wanted)}
        w="fit-content"
        data={[
          { value: 'all', label: t('Show All') },
          { value: 'chat', label: t('Chat Only') },
          { value: 'call', label: t('Call Only') },
          { value: 'both', label: t('Both') },
        ]}
      />
      <List
        queryKey={['packages']}
        read={(cursor) => answer(listPackages({ query: { cursor } }))}
        id={(found) => found.packageId}
        caption={t('Chatbot packages')}
        loading={t('Loading the packages')}
        keep={(found) => wanted === 'all' || capabilityOf(found.draft) === wanted}
        nothingKept={<Empty icon={<IconBox />} title={t('No package can do this')}>{t('Choose another capability, or create such a package.')}</Empty>}
        empty={
          <Empty icon={<IconBox />} title={t('No packages yet')} action={add}>
            {t('A package is what companies make chatbots of: agents, a model, a voice, and the values each company fills in.')}
          </Empty>
        }
        columns={[
          {
            title: t('Name'),
            show: (found) => (
              <TextLink to="/admin/chatbot-packages/$packageId/edit" params={{ packageId: found.packageId }} fw={600}>
                {found.draft.name}
              </TextLink>
            ),
          },
          { title: t('Category'), show: (found) => found.draft.category },
          { title: t('Capabilities'), show: (found) => <Capabilities chat={found.draft.enabledChat} call={found.draft.enabledCall} /> },
          { title: t('Status'), show: (found) => <Published version={found.publishedVersion} /> },
        ]}
      />
    </Page>
  );
}
