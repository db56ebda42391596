/** A page's heading, trail and actions; sets the document's title and takes the focus when the page changes. */

import { Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';

export interface PageProps {
  title: string;
  trail?: ReactNode;
  description?: ReactNode;
  badges?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, trail, description, badges, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Calls`;
  }, [title]);
  return (
    <Stack gap="lg">
      <header>
        {trail !== undefined && (
          <Breadcrumbs mb={6} fz="sm">
            {trail}
            <Text fz="sm" c="dimmed">
              {title}
            </Text>
          </Breadcrumbs>
        )}
        <Group justify="space-between" align="flex-start">
          <div>
            <Group gap="sm">
              <Title order={1}>{title}</Title>
              {badges}
            </Group>
            {description !== undefined && (
              <Text c="dimmed" size="sm" mt={4} maw={640}>
                {description}
              </Text>
            )}
          </div>
          {actions !== undefined && <Group gap="xs">{actions}</Group>}
        </Group>
      </header>
      {children}
    </Stack>
  );
}
