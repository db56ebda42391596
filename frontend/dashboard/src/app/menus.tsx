/** The menus of the header: language, theme, person. Loaded when one of them is pressed first, and then opened. */

import { ActionIcon, Menu, Text, useMantineColorScheme } from '@mantine/core';
import type { MantineColorScheme } from '@mantine/core';
import { IconCheck, IconDeviceDesktop, IconLanguage, IconLogout, IconMoon, IconSun, IconUser, IconUserCircle } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Me } from '../api/queries.ts';
import { LANGUAGES, setLanguage } from '../text/i18n.ts';
import type { Language } from '../text/i18n.ts';
import { roleName } from '../text/names.ts';

const ICON = 18;
const check = (on: boolean) => (on ? <IconCheck size={15} aria-hidden /> : undefined);

/** Opened once it is there, by a button that takes over the focus of the one that was pressed. */
function useOpening() {
  const target = useRef<HTMLButtonElement>(null);
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    target.current?.focus();
    setOpened(true);
  }, []);
  return { target, menu: { opened, onChange: setOpened, position: 'bottom-end' as const } };
}

export function LanguageMenu() {
  const { t, i18n } = useTranslation();
  const { target, menu } = useOpening();
  return (
    <Menu {...menu}>
      <Menu.Target>
        <ActionIcon ref={target} variant="subtle" color="gray" size="lg" aria-label={t('Language')}>
          <IconLanguage size={ICON} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(LANGUAGES) as Language[]).map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            rightSection={check(i18n.language === language)}
            onClick={() => void setLanguage(language)}
          >
            {LANGUAGES[language]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function ThemeMenu() {
  const { t } = useTranslation();
  const { target, menu } = useOpening();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes: [MantineColorScheme, string, typeof IconSun][] = [
    ['light', t('Light'), IconSun],
    ['dark', t('Dark'), IconMoon],
    ['auto', t('Like the device'), IconDeviceDesktop],
  ];
  const Current = schemes.find(([scheme]) => scheme === colorScheme)?.[2] ?? IconDeviceDesktop;
  return (
    <Menu {...menu}>
      <Menu.Target>
        <ActionIcon ref={target} variant="subtle" color="gray" size="lg" aria-label={t('Theme')}>
          <Current size={ICON} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(([scheme, label, Icon]) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon size={16} aria-hidden />}
            rightSection={check(scheme === colorScheme)}
            onClick={() => setColorScheme(scheme)}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function UserMenu({ me }: { me: Me | undefined }) {
  const { t } = useTranslation();
  const { target, menu } = useOpening();
  const navigate = useNavigate();
  return (
    <Menu {...menu} width={230}>
      <Menu.Target>
        <ActionIcon ref={target} variant="subtle" color="gray" size="lg" radius="xl" aria-label={t('Your account')}>
          <IconUserCircle size={22} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {me !== undefined && (
          <Menu.Label>
            <Text size="sm" fw={600} c="var(--mantine-color-text)">
              {me.name}
            </Text>
            <Text size="xs">{roleName(t, me.role)}</Text>
          </Menu.Label>
        )}
        <Menu.Item leftSection={<IconUser size={16} aria-hidden />} onClick={() => void navigate({ to: '/profile' })}>
          {t('Profile')}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void navigate({ to: '/logout' })}>
          {t('Sign out')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
