/** Every address of the dashboard. */

import { createRouter } from '@tanstack/react-router';
import { Broken } from '../parts/ErrorPages.tsx';
import { adminRoutes } from './adminRoutes.tsx';
import { companyRoutes } from './companyRoutes.tsx';
import { app, forbidden, login, logout, root } from './rootRoutes.tsx';

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

export const router = createRouter({
  routeTree: root.addChildren([login, logout, forbidden, app.addChildren([...adminRoutes, ...companyRoutes])]),
  defaultPreload: 'intent',
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});
