/** What the side navigation offers to whom; the server decides again on every request. */

import {
  IconBox,
  IconBuilding,
  IconBrain,
  IconHistory,
  IconHome,
  IconLifebuoy,
  IconMessageChatbot,
  IconPlug,
  IconShieldCheck,
  IconUsers,
} from '@tabler/icons-react';
import type { Permission } from '@call/client/types.gen';
import { mark } from '../text/i18n.ts';

export interface Place {
  to: string;
  label: string;
  icon: typeof IconHome;
  needs: Permission;
}

export interface Section {
  title: string;
  places: readonly Place[];
}

export const SECTIONS: readonly Section[] = [
  {
    title: mark('Platform'),
    places: [
      { to: '/admin/companies', label: mark('Companies'), icon: IconBuilding, needs: 'fleet.companies' },
      { to: '/admin/chatbot-packages', label: mark('Chatbot packages'), icon: IconBox, needs: 'fleet.packages' },
      { to: '/admin/ai-models', label: mark('AI models'), icon: IconBrain, needs: 'fleet.ai_models' },
      { to: '/admin/integrations', label: mark('Integrations'), icon: IconPlug, needs: 'fleet.integration_accounts' },
      { to: '/admin/audit', label: mark('Audit log'), icon: IconShieldCheck, needs: 'fleet.audit' },
    ],
  },
  {
    title: mark('Company'),
    places: [
      { to: '/dashboard', label: mark('Overview'), icon: IconHome, needs: 'chatbots.read' },
      { to: '/chatbots', label: mark('Chatbots'), icon: IconMessageChatbot, needs: 'chatbots.read' },
      { to: '/integrations', label: mark('Integrations'), icon: IconPlug, needs: 'integration_accounts.read' },
      { to: '/calls', label: mark('Call history'), icon: IconHistory, needs: 'calls.read' },
      { to: '/team', label: mark('Team'), icon: IconUsers, needs: 'team.read' },
      { to: '/audit', label: mark('Audit log'), icon: IconShieldCheck, needs: 'audit.read' },
    ],
  },
  {
    title: mark('Help'),
    places: [{ to: '/help', label: mark('Guides'), icon: IconLifebuoy, needs: 'me' }],
  },
];

export function sectionsFor(permissions: readonly Permission[]): Section[] {
  return SECTIONS.map((section) => ({
    ...section,
    places: section.places.filter((place) => permissions.includes(place.needs)),
  })).filter((section) => section.places.length > 0);
}

/** Where a person starts. */
export function homeOf(permissions: readonly Permission[]): '/admin/companies' | '/dashboard' | '/calls' {
  if (permissions.includes('fleet.companies')) return '/admin/companies';
  return permissions.includes('chatbots.read') ? '/dashboard' : '/calls';
}
