/** The platform's companies. */

import { Button, TextInput } from '@mantine/core';
import { IconBuilding, IconPlus, IconSearch } from '@tabler/icons-react';
import { listCompanies } from '@call/client/sdk.gen';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { OnOff } from '../../parts/Badges.tsx';
import { TextLink } from '../../parts/links.tsx';
import { List } from '../../parts/List.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty } from '../../parts/States.tsx';

const NewCompany = lazy(() => import('./NewCompany.tsx'));

export function Companies() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const [word, setWord] = useState('');
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpened(true)}>
      {t('New company')}
    </Button>
  );
  return (
    <Page title={t('Companies')} description={t('Customers of the platform, and what is switched on for them.')} actions={add}>
      <TextInput
        maw={320}
        aria-label={t('Search companies')}
        placeholder={t('Search companies')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={word}
        onChange={(event) => setWord(event.currentTarget.value)}
      />
      <List
        queryKey={['companies']}
        read={(cursor) => answer(listCompanies({ query: { cursor } }))}
        id={(firm) => firm.companyId}
        caption={t('Companies')}
        loading={t('Loading companies')}
        keep={(firm) => firm.name.toLowerCase().includes(word.trim().toLowerCase())}
        nothingKept={<Empty icon={<IconSearch />} title={t('No company has this name')}>{t('Check the spelling, or show more.')}</Empty>}
        empty={
          <Empty icon={<IconBuilding />} title={t('No companies yet')} action={add}>
            {t('A company gets its own chatbots, team and calls. Create the first one.')}
          </Empty>
        }
        columns={[
          {
            title: t('Name'),
            show: (firm) => (
              <TextLink to="/admin/companies/$companyId" params={{ companyId: firm.companyId }} fw={600}>
                {firm.name}
              </TextLink>
            ),
          },
          {
            title: t('Call Feature'),
            show: (firm) => <OnOff on={firm.settings.features.callEnabled} labels={[t('On'), t('Off')]} />,
          },
          { title: t('Calls at the same time'), show: (firm) => firm.limits.concurrentCalls, align: 'right' },
          { title: t('Calls per visitor and hour'), show: (firm) => firm.limits.callsPerAddressPerHour, align: 'right' },
        ]}
      />
      {opened && (
        <Suspense fallback={null}>
          <NewCompany onClose={() => setOpened(false)} />
        </Suspense>
      )}
    </Page>
  );
}
