/** All companies' accounts, for the master admin: states only, no credentials. */

import { Group, Text } from '@mantine/core';
import { IconPlug } from '@tabler/icons-react';
import { listFleetIntegrationAccounts } from '@call/client/sdk.gen';
import type { FleetAccountOut } from '@call/client/types.gen';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { TextLink } from '../../parts/links.tsx';
import { List } from '../../parts/List.tsx';
import type { Column } from '../../parts/List.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty } from '../../parts/States.tsx';
import { When } from '../../parts/When.tsx';
import { AccountState, KindIcon } from './AccountCard.tsx';
import { kindName, spaced } from './accounts.ts';

export function FleetAccounts() {
  const { t } = useTranslation();
  const columns: Column<FleetAccountOut>[] = [
    {
      title: t('Company'),
      show: (account) => (
        <TextLink to="/admin/companies/$companyId" params={{ companyId: account.companyId }} fw={600}>
          {account.companyName}
        </TextLink>
      ),
    },
    { title: t('Account'), show: (account) => account.name },
    {
      title: t('Kind'),
      show: (account) => (
        <Group gap={6} wrap="nowrap">
          <KindIcon kind={account.kind} /> {kindName(t, account.kind)}
        </Group>
      ),
    },
    { title: t('Phone Number'), show: (account) => spaced(account.maskedNumber) },
    {
      title: t('Status'),
      show: (account) => (
        <>
          <AccountState status={account.status} />
          {account.lastError !== '' && (
            <Text size="xs" mt={4}>
              {account.lastError}
            </Text>
          )}
        </>
      ),
    },
    { title: t('Last verified'), show: (account) => (account.lastVerifiedAt === null ? '–' : <When iso={account.lastVerifiedAt} />) },
  ];
  return (
    <Page title={t('Integration Accounts')} description={t('The accounts of all companies. Credentials are seen by nobody.')}>
      <List
        queryKey={['fleet-accounts']}
        read={(cursor) => answer(listFleetIntegrationAccounts({ query: { cursor } }))}
        columns={columns}
        id={(account) => account.accountId}
        caption={t('Integration Accounts')}
        loading={t('Loading the accounts')}
        empty={
          <Empty icon={<IconPlug />} title={t('No company has an account yet')}>
            {t('Company admins add them under Integrations.')}
          </Empty>
        }
      />
    </Page>
  );
}
