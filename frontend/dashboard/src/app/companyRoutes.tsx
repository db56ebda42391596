/** The pages of a company and its people. */

import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { meQuery, queryClient } from '../api/queries.ts';
import { homeOf } from './navigation.ts';
import { app } from './rootRoutes.tsx';

const home = createRoute({
  getParentRoute: () => app,
  path: '/dashboard',
  beforeLoad: async () => {
    const me = await queryClient.ensureQueryData(meQuery).catch(() => null);
    if (me !== null && homeOf(me.permissions) !== '/dashboard') throw redirect({ to: homeOf(me.permissions) });
  },
  component: lazyRouteComponent(() => import('../pages/Overview.tsx'), 'Overview'),
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
const integrations = createRoute({
  getParentRoute: () => chatbot,
  path: '/integrations',
  component: lazyRouteComponent(() => import('../pages/chatbots/Integrations.tsx'), 'IntegrationsPage'),
});
const test = createRoute({
  getParentRoute: () => chatbot,
  path: '/test',
  component: lazyRouteComponent(() => import('../pages/chatbots/Test.tsx'), 'TestPage'),
});

const accounts = createRoute({
  getParentRoute: () => app,
  path: '/integrations',
  staticData: { needs: 'integration_accounts.read' },
  component: lazyRouteComponent(() => import('../pages/integrations/Accounts.tsx'), 'Accounts'),
});
const newAccount = createRoute({
  getParentRoute: () => app,
  path: '/integrations/new/$kind',
  staticData: { needs: 'integration_accounts.write' },
  component: lazyRouteComponent(() => import('../pages/integrations/AccountForm.tsx'), 'NewAccount'),
});
const account = createRoute({
  getParentRoute: () => app,
  path: '/integrations/$accountId',
  staticData: { needs: 'integration_accounts.write' },
  component: lazyRouteComponent(() => import('../pages/integrations/AccountForm.tsx'), 'EditAccount'),
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
  component: lazyRouteComponent(() => import('../pages/calls/OwnCall.tsx'), 'OwnCall'),
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

const troubleshooting = createRoute({
  getParentRoute: () => app,
  path: '/help/integrations/troubleshooting',
  component: lazyRouteComponent(() => import('../pages/help/Carriers.tsx'), 'Troubleshooting'),
});
const ownSystemHelp = createRoute({
  getParentRoute: () => app,
  path: '/help/integrations/own-system',
  component: lazyRouteComponent(() => import('../pages/help/OwnSystem.tsx'), 'OwnSystemHelp'),
});
const twilioHelp = createRoute({
  getParentRoute: () => app,
  path: '/help/integrations/twilio',
  component: lazyRouteComponent(() => import('../pages/help/Carriers.tsx'), 'TwilioHelp'),
});
const whatsappHelp = createRoute({
  getParentRoute: () => app,
  path: '/help/integrations/whatsapp',
  component: lazyRouteComponent(() => import('../pages/help/Carriers.tsx'), 'WhatsAppHelp'),
});

export const companyRoutes = [
  home,
  chatbots,
  newChatbot,
  chatbot.addChildren([chatbotHome, general, callSettings, widget, integrations, test]),
  accounts,
  newAccount,
  account,
  calls,
  call,
  team,
  audit,
  profile,
  help,
  recordingHelp,
  troubleshooting,
  ownSystemHelp,
  twilioHelp,
  whatsappHelp,
] as const;
