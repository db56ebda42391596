/** Who is signed in. */

import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { meQuery } from '../api/queries.ts';
import { Section } from '../forms/Section.tsx';
import { OnOff } from '../parts/Badges.tsx';
import { ButtonLink } from '../parts/links.tsx';
import { Page } from '../parts/Page.tsx';
import { Loaded } from '../parts/States.tsx';
import { roleName } from '../text/names.ts';
import { LANGUAGES, setLanguage } from '../text/i18n.ts';
import type { Language } from '../text/i18n.ts';

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <Group justify="space-between" gap="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text size="sm" fw={600} component="div">
        {children}
      </Text>
    </Group>
  );
}

export function Profile() {
  const { t, i18n } = useTranslation();
  const me = useQuery(meQuery);
  return (
    <Page
      title={t('Profile')}
      actions={
        <ButtonLink to="/logout" variant="default" leftSection={<IconLogout size={16} aria-hidden />}>
          {t('Sign out')}
        </ButtonLink>
      }
    >
      <Loaded query={me} what={t('Loading your account')}>
        {(person) => (
          <Stack maw={560}>
            <Section title={person.name}>
              <Row label={t('Email address')}>{person.email}</Row>
              <Row label={t('Role')}>
                <Badge>{roleName(t, person.role)}</Badge>
              </Row>
              <Row label={t('Company')}>{person.companyName ?? t('None: you look after the platform')}</Row>
              {person.companyId !== null && (
                <Row label={t('Call Feature')}>
                  <OnOff on={person.callEnabled} labels={[t('On'), t('Off')]} />
                </Row>
              )}
            </Section>
            <Section title={t('Language')} description={t('Of this dashboard, on this device. Callers hear the language of the chatbot.')}>
              <Group gap="xs">
                {(Object.keys(LANGUAGES) as Language[]).map((language) => (
                  <Button
                    key={language}
                    lang={language}
                    variant={i18n.language === language ? 'filled' : 'default'}
                    aria-pressed={i18n.language === language}
                    onClick={() => void setLanguage(language)}
                  >
                    {LANGUAGES[language]}
                  </Button>
                ))}
              </Group>
            </Section>
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}
