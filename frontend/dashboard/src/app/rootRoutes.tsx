/** The outermost routes: signed in or not. Pages are loaded when they are opened. */

import { createRootRoute, createRoute, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import type { Permission } from '@call/client/types.gen';
import { safeReturn, session } from '../auth/session.ts';
import { Forbidden, Missing } from '../parts/ErrorPages.tsx';
import { Shell } from './Shell.tsx';

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    needs?: Permission;
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => (
    <main className="page">
      <Missing />
    </main>
  ),
});

export const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { return?: string; why?: string; as?: string } => ({
    return: text(search.return),
    why: text(search.why),
    as: text(search.as),
  }),
  beforeLoad: ({ search }) => {
    if (session.signedIn && search.as === undefined) throw redirect({ to: safeReturn(search.return) });
  },
  component: lazyRouteComponent(() => import('../auth/Login.tsx'), 'Login'),
});
export const logout = createRoute({
  getParentRoute: () => root,
  path: '/logout',
  component: lazyRouteComponent(() => import('../auth/Logout.tsx'), 'Logout'),
});
export const forbidden = createRoute({ getParentRoute: () => root, path: '/403', component: () => <Forbidden /> });

export const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: ({ location }) => {
    if (!session.signedIn) throw redirect({ to: '/login', search: { return: location.href } });
  },
  component: Shell,
});
