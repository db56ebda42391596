/** What a page shows while it has nothing to show: loading, failed, empty. */

import { Alert, Button, Card, Group, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/http.ts';
import { Forbidden, Missing } from './ErrorPages.tsx';

export function Loading({ what }: { what: string }) {
  return (
    <Stack gap="sm" aria-busy="true">
      <Text role="status" c="dimmed" size="sm">
        {what}
      </Text>
      <Skeleton height={26} width="40%" />
      <Skeleton height={90} />
      <Skeleton height={90} />
    </Stack>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry(): void }) {
  const { t } = useTranslation();
  if (error instanceof ApiError && error.status === 403) return <Forbidden message={error.message} />;
  if (error instanceof ApiError && error.status === 404) return <Missing />;
  const text = error instanceof ApiError && error.status > 0 ? error.message : t('The server could not be reached.');
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={t('This could not be loaded')}>
      <Text size="sm">{text}</Text>
      <Button mt="sm" size="xs" variant="default" onClick={onRetry}>
        {t('Try again')}
      </Button>
    </Alert>
  );
}

export interface EmptyProps {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}

/** Says what will be here, and how to get there. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <Card py="xl">
      <Stack align="center" gap="xs" maw={480} mx="auto" ta="center">
        <ThemeIcon size={52} radius="xl" variant="light" aria-hidden>
          {icon}
        </ThemeIcon>
        <Title order={2}>{title}</Title>
        <Text c="dimmed" size="sm">
          {children}
        </Text>
        {action !== undefined && <Group mt="xs">{action}</Group>}
      </Stack>
    </Card>
  );
}

/** The page's content once it is there. */
export function Loaded<T>(props: { query: UseQueryResult<T>; what: string; children(data: T): ReactNode }) {
  const { query, what, children } = props;
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading what={what} />;
}
