/** Every address of the dashboard. Pages are loaded when they are opened. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import type { Permission } from '@call/client/types.gen';
import { meQuery, queryClient } from '../api/queries.ts';
import { safeReturn, session } from '../auth/session.ts';
import { Broken, Forbidden, Missing } from '../parts/ErrorPages.tsx';
import { homeOf } from './navigation.ts';
import { Shell } from './Shell.tsx';

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    needs?: Permission;
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => (
    <main className="page">
      <Missing />
    </main>
  ),
});

const login = createRoute({
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
const logout = createRoute({
  getParentRoute: () => root,
  path: '/logout',
  component: lazyRouteComponent(() => import('../auth/Logout.tsx'), 'Logout'),
});
const forbidden = createRoute({ getParentRoute: () => root, path: '/403', component: () => <Forbidden /> });

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: ({ location }) => {
    if (!session.signedIn) throw redirect({ to: '/login', search: { return: location.href } });
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => app,
  path: '/dashboard',
  beforeLoad: async () => {
    const me = await queryClient.ensureQueryData(meQuery).catch(() => null);
    if (me !== null && homeOf(me.permissions) !== '/dashboard') throw redirect({ to: homeOf(me.permissions) });
  },
  component: lazyRouteComponent(() => import('../pages/Overview.tsx'), 'Overview'),
});

const companies = createRoute({
  getParentRoute: () => app,
  path: '/admin/companies',
  staticData: { needs: 'fleet.companies' },
  component: lazyRouteComponent(() => import('../pages/admin/Companies.tsx'), 'Companies'),
});
const company = createRoute({
  getParentRoute: () => app,
  path: '/admin/companies/$companyId',
  staticData: { needs: 'fleet.companies' },
  component: lazyRouteComponent(() => import('../pages/admin/CompanyFrame.tsx'), 'CompanyFrame'),
});
const companyOverview = createRoute({
  getParentRoute: () => company,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/admin/CompanyTeam.tsx'), 'CompanyTeam'),
});
const companySettings = createRoute({
  getParentRoute: () => company,
  path: '/settings',
  component: lazyRouteComponent(() => import('../pages/admin/CompanyGeneral.tsx'), 'CompanyGeneral'),
});
const companyFeatures = createRoute({
  getParentRoute: () => company,
  path: '/settings/features',
  component: lazyRouteComponent(() => import('../pages/admin/CompanyFeatures.tsx'), 'CompanyFeatures'),
});
const companyCalls = createRoute({
  getParentRoute: () => company,
  path: '/calls',
  component: lazyRouteComponent(() => import('../pages/calls/FleetCalls.tsx'), 'FleetCalls'),
});
const companyCall = createRoute({
  getParentRoute: () => app,
  path: '/admin/companies/$companyId/calls/$callId',
  staticData: { needs: 'fleet.calls' },
  component: lazyRouteComponent(() => import('../pages/calls/FleetCalls.tsx'), 'FleetCall'),
});
const packages = createRoute({
  getParentRoute: () => app,
  path: '/admin/chatbot-packages',
  staticData: { needs: 'fleet.packages' },
  component: lazyRouteComponent(() => import('../pages/admin/Packages.tsx'), 'Packages'),
});
const newPackage = createRoute({
  getParentRoute: () => app,
  path: '/admin/chatbot-packages/new',
  staticData: { needs: 'fleet.packages' },
  component: lazyRouteComponent(() => import('../pages/admin/PackageEdit.tsx'), 'NewPackage'),
});
const editPackage = createRoute({
  getParentRoute: () => app,
  path: '/admin/chatbot-packages/$packageId/edit',
  staticData: { needs: 'fleet.packages' },
  component: lazyRouteComponent(() => import('../pages/admin/PackageEdit.tsx'), 'EditPackage'),
});
const models = createRoute({
  getParentRoute: () => app,
  path: '/admin/ai-models',
  staticData: { needs: 'fleet.ai_models' },
  component: lazyRouteComponent(() => import('../pages/admin/Models.tsx'), 'Models'),
});
const newModel = createRoute({
  getParentRoute: () => app,
  path: '/admin/ai-models/new',
  staticData: { needs: 'fleet.ai_models' },
  component: lazyRouteComponent(() => import('../pages/admin/ModelEdit.tsx'), 'NewModel'),
});
const editModel = createRoute({
  getParentRoute: () => app,
  path: '/admin/ai-models/$modelId',
  staticData: { needs: 'fleet.ai_models' },
  component: lazyRouteComponent(() => import('../pages/admin/ModelEdit.tsx'), 'EditModel'),
});
const fleetAudit = createRoute({
  getParentRoute: () => app,
  path: '/admin/audit',
  staticData: { needs: 'fleet.audit' },
  component: lazyRouteComponent(() => import('../pages/Audit.tsx'), 'FleetAudit'),
});

const chatbots = createRoute({
  getParentRoute: () => app,
  path: '/chatbots',
  staticData: { needs: 'chatbots.read' },
  component: lazyRouteComponent(() => import('../pages/chatbots/Chatbots.tsx'), 'Chatbots'),
});
const newChatbot = createRoute({
  getParentRoute: () => app,
  path: '/chatbots/new',
  staticData: { needs: 'chatbots.write' },
  component: lazyRouteComponent(() => import('../pages/chatbots/NewChatbot.tsx'), 'NewChatbot'),
});
const chatbot = createRoute({
  getParentRoute: () => app,
  path: '/chatbots/$chatbotId',
  staticData: { needs: 'chatbots.read' },
  component: lazyRouteComponent(() => import('../pages/chatbots/ChatbotFrame.tsx'), 'ChatbotFrame'),
});
const chatbotHome = createRoute({
  getParentRoute: () => chatbot,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/chatbots/$chatbotId/settings', params });
  },
});
const general = createRoute({
  getParentRoute: () => chatbot,
  path: '/settings',
  component: lazyRouteComponent(() => import('../pages/chatbots/General.tsx'), 'General'),
});
const callSettings = createRoute({
  getParentRoute: () => chatbot,
  path: '/call-settings',
  component: lazyRouteComponent(() => import('../pages/chatbots/CallSettings.tsx'), 'CallSettingsPage'),
});
const widget = createRoute({
  getParentRoute: () => chatbot,
  path: '/widget',
  component: lazyRouteComponent(() => import('../pages/chatbots/Widget.tsx'), 'WidgetPage'),
});
const test = createRoute({
  getParentRoute: () => chatbot,
  path: '/test',
  component: lazyRouteComponent(() => import('../pages/chatbots/Test.tsx'), 'TestPage'),
});

const calls = createRoute({
  getParentRoute: () => app,
  path: '/calls',
  staticData: { needs: 'calls.read' },
  component: lazyRouteComponent(() => import('../pages/calls/OwnCalls.tsx'), 'OwnCalls'),
});
const call = createRoute({
  getParentRoute: () => app,
  path: '/calls/$callId',
  staticData: { needs: 'calls.read' },
  component: lazyRouteComponent(() => import('../pages/calls/OwnCalls.tsx'), 'OwnCall'),
});
const team = createRoute({
  getParentRoute: () => app,
  path: '/team',
  staticData: { needs: 'team.read' },
  component: lazyRouteComponent(() => import('../pages/team/Team.tsx'), 'Team'),
});
const audit = createRoute({
  getParentRoute: () => app,
  path: '/audit',
  staticData: { needs: 'audit.read' },
  component: lazyRouteComponent(() => import('../pages/Audit.tsx'), 'OwnAudit'),
});
const profile = createRoute({
  getParentRoute: () => app,
  path: '/profile',
  component: lazyRouteComponent(() => import('../pages/Profile.tsx'), 'Profile'),
});
const help = createRoute({
  getParentRoute: () => app,
  path: '/help',
  component: lazyRouteComponent(() => import('../pages/help/Help.tsx'), 'Help'),
});
const recordingHelp = createRoute({
  getParentRoute: () => app,
  path: '/help/recording-compliance',
  component: lazyRouteComponent(() => import('../pages/help/Help.tsx'), 'RecordingHelp'),
});

const routes = root.addChildren([
  login,
  logout,
  forbidden,
  app.addChildren([
    home,
    companies,
    company.addChildren([companyOverview, companySettings, companyFeatures, companyCalls]),
    companyCall,
    packages,
    newPackage,
    editPackage,
    models,
    newModel,
    editModel,
    fleetAudit,
    chatbots,
    newChatbot,
    chatbot.addChildren([chatbotHome, general, callSettings, widget, test]),
    calls,
    call,
    team,
    audit,
    profile,
    help,
    recordingHelp,
  ]),
]);

export const router = createRouter({
  routeTree: routes,
  defaultPreload: 'intent',
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});
