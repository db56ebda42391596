/** The frame of every page: header, navigation by role, language and theme; refuses pages the role may not open. */

import { AppShell, Badge, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPhoneCall } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import type { Permission } from '@call/client/types.gen';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { meQuery } from '../api/queries.ts';
import type { Me } from '../api/queries.ts';
import { session } from '../auth/session.ts';
import { Forbidden } from '../parts/ErrorPages.tsx';
import { Loaded } from '../parts/States.tsx';
import { LanguageMenu, ThemeMenu, UserMenu } from './HeaderMenus.tsx';
import { sectionsFor } from './navigation.ts';

function Navigation({ me, onGo }: { me: Me; onGo(): void }) {
  const { t } = useTranslation();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const navigate = useNavigate();
  return (
    <ScrollArea component="nav" aria-label={t('Main')} p="xs">
      {sectionsFor(me.permissions).map((section) => (
        <div key={section.title}>
          <div className="nav-title">{t(section.title)}</div>
          {section.places.map(({ to, label, icon: Icon }) => {
            const active = path === to || path.startsWith(`${to}/`);
            return (
              <NavLink
                key={to}
                href={to}
                label={t(label)}
                active={active}
                aria-current={active ? 'page' : undefined}
                leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
                style={{ borderRadius: 8 }}
                onClick={(event) => {
                  if (event.metaKey || event.ctrlKey) return;
                  event.preventDefault();
                  onGo();
                  void navigate({ to });
                }}
              />
            );
          })}
        </div>
      ))}
    </ScrollArea>
  );
}

/** Takes the person to the sign-in page when the session ends, and back afterwards. */
function useSessionEnd(): void {
  const navigate = useNavigate();
  useEffect(
    () =>
      session.onEnd(() => {
        const { pathname, search } = location;
        if (pathname !== '/login') void navigate({ to: '/login', search: { return: pathname + search, why: 'expired' }, ignoreBlocker: true });
      }),
    [navigate],
  );
}

function Allowed({ me }: { me: Me }) {
  const needs = useRouterState({
    select: (state) => state.matches.map((match) => match.staticData as { needs?: Permission }).flatMap((data) => data.needs ?? []),
  });
  return needs.every((permission) => me.permissions.includes(permission)) ? <Outlet /> : <Forbidden />;
}

export function Shell() {
  const { t } = useTranslation();
  const me = useQuery(meQuery);
  const [opened, { toggle, close }] = useDisclosure();
  useSessionEnd();
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 236, breakpoint: 'sm', collapsed: { mobile: !opened } }}>
      <a className="skip" href="#content">
        {t('Skip to the content')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap" style={{ minWidth: 0 }}>
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('Navigation')} aria-expanded={opened} />
            <IconPhoneCall aria-hidden color="var(--mantine-primary-color-filled)" style={{ flexShrink: 0 }} />
            <Text fw={650} truncate>
              {me.data?.companyName ?? t('Platform')}
            </Text>
            {me.data?.companyId != null && !me.data.callEnabled && (
              <Badge color="gray" visibleFrom="sm">
                {t('Calls are off')}
              </Badge>
            )}
          </Group>
          <Group gap={4} wrap="nowrap">
            <LanguageMenu />
            <ThemeMenu />
            <UserMenu me={me.data} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar>{me.data !== undefined && <Navigation me={me.data} onGo={close} />}</AppShell.Navbar>
      <AppShell.Main id="content">
        <div className="page">
          <Loaded query={me} what={t('Loading your account')}>
            {(data) => <Allowed me={data} />}
          </Loaded>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}
