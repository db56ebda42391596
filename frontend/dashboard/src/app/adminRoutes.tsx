/** The master admin's pages. */

import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { app } from './rootRoutes.tsx';

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
const fleetAccounts = createRoute({
  getParentRoute: () => app,
  path: '/admin/integrations',
  staticData: { needs: 'fleet.integration_accounts' },
  component: lazyRouteComponent(() => import('../pages/integrations/FleetAccounts.tsx'), 'FleetAccounts'),
});
const fleetAudit = createRoute({
  getParentRoute: () => app,
  path: '/admin/audit',
  staticData: { needs: 'fleet.audit' },
  component: lazyRouteComponent(() => import('../pages/Audit.tsx'), 'FleetAudit'),
});

export const adminRoutes = [
  companies,
  company.addChildren([companyOverview, companySettings, companyFeatures, companyCalls]),
  companyCall,
  packages,
  newPackage,
  editPackage,
  models,
  newModel,
  editModel,
  fleetAccounts,
  fleetAudit,
] as const;
