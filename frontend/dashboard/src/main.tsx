/** Starts the dashboard: language, theme, data, routes. */

import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, useMemo } from 'react';
import { createRoot } from 'react-dom/client';
import { useTranslation } from 'react-i18next';
import { queryClient } from './api/queries.ts';
import { router } from './app/router.tsx';
import { themeWith, variables } from './app/theme.ts';
import { Confirmation } from './parts/confirm.tsx';
import { Messages } from './parts/Messages.tsx';
import { startLanguages } from './text/i18n.ts';
import './app/kit.css';
import './app/app.css';

function Dashboard() {
  const { t } = useTranslation();
  const close = t('Close');
  const theme = useMemo(() => themeWith(close), [close]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Messages />
        <RouterProvider router={router} />
        <Confirmation />
      </QueryClientProvider>
    </MantineProvider>
  );
}

await startLanguages();
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Dashboard />
  </StrictMode>,
);
