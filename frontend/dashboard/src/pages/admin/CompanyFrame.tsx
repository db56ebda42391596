/** Around the pages of one company. */

import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useNavigate, useParams, useRouterState } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { firmQuery } from '../../api/queries.ts';
import { OnOff } from '../../parts/Badges.tsx';
import { TextLink } from '../../parts/links.tsx';
import { Page } from '../../parts/Page.tsx';
import { Loaded } from '../../parts/States.tsx';
import '../../parts/controls.css';

export function CompanyFrame() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { companyId } = useParams({ from: '/app/admin/companies/$companyId' });
  const base = `/admin/companies/${companyId}`;
  const path = useRouterState({ select: (state) => state.location.pathname.replace(/\/$/, '') });
  const firm = useQuery(firmQuery(companyId));
  const tabs: [string, string][] = [
    [base, t('Team')],
    [`${base}/settings`, t('Settings')],
    [`${base}/settings/features`, t('Features')],
    [`${base}/calls`, t('Calls')],
  ];
  return (
    <Loaded query={firm} what={t('Loading the company')}>
      {(found) => (
        <Page
          title={found.name}
          trail={<TextLink to="/admin/companies">{t('Companies')}</TextLink>}
          badges={<OnOff on={found.settings.features.callEnabled} labels={[t('Calls on'), t('Calls off')]} />}
        >
          <Tabs value={path} onChange={(to) => to !== null && void navigate({ to })} keepMounted={false}>
            <Tabs.List mb="lg">
              {tabs.map(([to, label]) => (
                <Tabs.Tab key={to} value={to}>
                  {label}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value={path}>
              <Outlet />
            </Tabs.Panel>
          </Tabs>
        </Page>
      )}
    </Loaded>
  );
}
