/** The buttons of the header's menus; the menus themselves are loaded when they are asked for. */

import { ActionIcon, useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconLanguage, IconMoon, IconSun, IconUserCircle } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Me } from '../api/queries.ts';

const menus = () => import('./menus.tsx');
const Language = lazy(async () => ({ default: (await menus()).LanguageMenu }));
const Theme = lazy(async () => ({ default: (await menus()).ThemeMenu }));
const User = lazy(async () => ({ default: (await menus()).UserMenu }));

function Opener({ label, icon, round, children }: { label: string; icon: ReactNode; round?: boolean; children: ReactNode }) {
  const [wanted, setWanted] = useState(false);
  const ahead = (): void => void menus();
  const button = (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      radius={round === true ? 'xl' : undefined}
      aria-label={label}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={ahead}
      onFocus={ahead}
      onClick={() => setWanted(true)}
    >
      {icon}
    </ActionIcon>
  );
  return wanted ? <Suspense fallback={button}>{children}</Suspense> : button;
}

export function LanguageMenu() {
  const { t } = useTranslation();
  return (
    <Opener label={t('Language')} icon={<IconLanguage size={18} aria-hidden />}>
      <Language />
    </Opener>
  );
}

export function ThemeMenu() {
  const { t } = useTranslation();
  const { colorScheme } = useMantineColorScheme();
  const Icon = { light: IconSun, dark: IconMoon, auto: IconDeviceDesktop }[colorScheme];
  return (
    <Opener label={t('Theme')} icon={<Icon size={18} aria-hidden />}>
      <Theme />
    </Opener>
  );
}

export function UserMenu({ me }: { me: Me | undefined }) {
  const { t } = useTranslation();
  return (
    <Opener round label={t('Your account')} icon={<IconUserCircle size={22} aria-hidden />}>
      <User me={me} />
    </Opener>
  );
}
