/** Sign-in; on a local platform also as one of the demo people, with one click. */

import { Alert, Button, Card, Center, Divider, Group, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPhoneCall } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TFunction } from 'i18next';
import { LanguageMenu, ThemeMenu } from '../app/HeaderMenus.tsx';
import type { SharedContractsRecordsUserRole as Role } from '@call/client/types.gen';
import { roleName } from '../text/names.ts';
import { meet, signIn, SignInError } from './cognito.ts';
import type { Challenge, SignIn } from './cognito.ts';
import { config } from './config.ts';
import type { DemoPerson } from './config.ts';
import { safeReturn, session } from './session.ts';

function problemText(t: TFunction, error: unknown): string {
  const code = error instanceof SignInError ? error.code : 'unreachable';
  switch (code) {
    case 'NotAuthorizedException':
    case 'UserNotFoundException':
      return t('The email address or the password is wrong, or the account is switched off.');
    case 'CodeMismatchException':
    case 'ExpiredCodeException':
      return t('This code is not valid. Wait for the next one and try again.');
    case 'InvalidPasswordException':
      return t('The password is too weak: use at least 8 characters with upper and lower case, a number and a symbol.');
    case 'TooManyRequestsException':
    case 'LimitExceededException':
      return t('Too many attempts. Wait a moment and try again.');
    default:
      return t('Signing in did not work: the sign-in service could not be reached.');
  }
}

interface SigningIn {
  busy: boolean;
  problem: string | null;
  challenge: Challenge | null;
  withPassword(email: string, password: string): Promise<void>;
  withAnswer(given: string): Promise<void>;
}

function useSignIn(): SigningIn {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const search = useSearch({ from: '/login' });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const goOn = async (result: SignIn): Promise<void> => {
    if (result.kind === 'challenge') {
      setChallenge(result.challenge);
      return;
    }
    session.begin(result.tokens);
    cache.clear();
    await navigate({ to: safeReturn(search.return), replace: true });
  };
  const attempt = async (run: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await run();
    } catch (error) {
      setProblem(problemText(t, error));
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    problem,
    challenge,
    withPassword: (email, password) =>
      attempt(async () => goOn(await signIn(email.trim(), password))),
    withAnswer: (given) =>
      attempt(async () => {
        if (challenge !== null) await goOn(await meet(challenge, given));
      }),
  };
}

function PasswordForm({ signing }: { signing: SigningIn }) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { email: '', password: '' } });
  return (
    <form onSubmit={form.onSubmit(({ email, password }) => void signing.withPassword(email, password))}>
      <Stack>
        <TextInput type="email" autoComplete="username" required label={t('Email address')} {...form.getInputProps('email')} />
        <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t('Show password') }} autoComplete="current-password" required label={t('Password')} {...form.getInputProps('password')} />
        <Button type="submit" loading={signing.busy} fullWidth>
          {t('Sign in')}
        </Button>
      </Stack>
    </form>
  );
}

function NewPasswordForm({ signing }: { signing: SigningIn }) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { first: '', second: '' },
    validate: { second: (value, values) => (value === values.first ? null : t('The two passwords differ.')) },
  });
  return (
    <form onSubmit={form.onSubmit(({ first }) => void signing.withAnswer(first))}>
      <Stack>
        <Text size="sm">{t('Welcome! Choose a password of your own for {{email}}.', { email: signing.challenge?.email })}</Text>
        <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t('Show password') }} autoComplete="new-password" required label={t('New password')} {...form.getInputProps('first')} />
        <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t('Show password') }} autoComplete="new-password" required label={t('The same again')} {...form.getInputProps('second')} />
        <Button type="submit" loading={signing.busy} fullWidth>
          {t('Save and sign in')}
        </Button>
      </Stack>
    </form>
  );
}

function CodeForm({ signing }: { signing: SigningIn }) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { code: '' } });
  return (
    <form onSubmit={form.onSubmit(({ code }) => void signing.withAnswer(code.trim()))}>
      <Stack>
        <TextInput
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          autoFocus
          label={t('Code')}
          description={t('The six digits your authenticator app shows now')}
          {...form.getInputProps('code')}
        />
        <Button type="submit" loading={signing.busy} fullWidth>
          {t('Sign in')}
        </Button>
      </Stack>
    </form>
  );
}

function DemoPeople({ people, signing }: { people: readonly DemoPerson[]; signing: SigningIn }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs">
      <Divider label={t('On this machine: sign in as')} labelPosition="center" my={4} />
      {people.map((person) => (
        <Button
          key={person.key}
          variant="default"
          fullWidth
          h="auto"
          py={8}
          justify="flex-start"
          disabled={signing.busy}
          onClick={() => void signing.withPassword(person.email, person.password)}
        >
          <span style={{ textAlign: 'left' }}>
            <Text span display="block" size="sm" fw={600}>
              {roleName(t, person.role as Role)}
            </Text>
            <Text span display="block" size="xs" c="dimmed">
              {person.company === null ? person.name : `${person.name}, ${person.company}`}
            </Text>
          </span>
        </Button>
      ))}
    </Stack>
  );
}

export function Login() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/login' });
  const { data } = useQuery({ queryKey: ['config'], queryFn: config, staleTime: Infinity });
  const signing = useSignIn();
  const wished = data?.demo.find((person) => person.key === search.as);
  const started = useRef(false);
  const enterAs = useCallback(
    (person: DemoPerson) => {
      if (started.current) return;
      started.current = true;
      void signing.withPassword(person.email, person.password);
    },
    [signing],
  );
  useEffect(() => {
    document.title = `${t('Sign in')} · Calls`;
    if (wished !== undefined) enterAs(wished);
  }, [t, wished, enterAs]);
  return (
    <Center component="main" mih="100vh" p="md">
      <Stack w={380} maw="100%">
        <Group justify="space-between">
          <Group gap="xs">
            <IconPhoneCall aria-hidden color="var(--mantine-primary-color-filled)" />
            <Title order={1} fz="h2">
              {t('Sign in')}
            </Title>
          </Group>
          <Group gap={0}>
            <LanguageMenu />
            <ThemeMenu />
          </Group>
        </Group>
        {search.why === 'expired' && signing.problem === null && (
          <Alert color="yellow" variant="light" role="status">
            {t('Your session has ended. Sign in again and you return to where you were.')}
          </Alert>
        )}
        {signing.problem !== null && (
          <Alert color="red" variant="light" role="alert">
            {signing.problem}
          </Alert>
        )}
        <Card>
          {signing.challenge === null && <PasswordForm signing={signing} />}
          {signing.challenge?.kind === 'new-password' && <NewPasswordForm signing={signing} />}
          {signing.challenge?.kind === 'code' && <CodeForm signing={signing} />}
        </Card>
        {data !== undefined && data.demo.length > 0 && signing.challenge === null && (
          <DemoPeople people={data.demo} signing={signing} />
        )}
      </Stack>
    </Center>
  );
}
