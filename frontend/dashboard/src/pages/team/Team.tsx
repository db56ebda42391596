/** The own company's team. */

import { notifications } from '@mantine/notifications';
import { changeMemberRole, inviteMember, listMembers, switchMember } from '@call/client/sdk.gen';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, ifMatch, once } from '../../api/http.ts';
import { meQuery } from '../../api/queries.ts';
import { confirm } from '../../parts/confirm.tsx';
import { Page } from '../../parts/Page.tsx';
import { roleName } from '../../text/names.ts';
import { Members } from './Members.tsx';
import type { Member, MemberRole } from './Members.tsx';

export function Team() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const me = useQuery(meQuery);
  const done = async (change: Promise<unknown>, message: string): Promise<void> => {
    try {
      await change;
      notifications.show({ color: 'green', message });
    } catch (error) {
      notifications.show({ color: 'red', message: error instanceof ApiError ? error.message : t('Something went wrong') });
    }
    await cache.invalidateQueries({ queryKey: ['team', 'own'] });
  };
  const ask = (title: string, text: string, label: string, run: () => void): void => {
    confirm({ title, text, action: label, run });
  };
  const role = (member: Member, next: MemberRole): void =>
    ask(t('Change the role of {{name}}?', { name: member.name || member.email }), t('Their sessions end at once; they sign in again with the new role.'), t('Change role'), () => {
      const request = changeMemberRole({ path: { user_id: member.userId }, body: { role: next }, headers: ifMatch(member.version) });
      void done(answer(request), t('{{name}} is now {{role}}.', { name: member.name || member.email, role: roleName(t, next) }));
    });
  const access = (member: Member, active: boolean): void => {
    const run = (): void => {
      const request = switchMember({ path: { user_id: member.userId }, body: { active }, headers: ifMatch(member.version) });
      void done(answer(request), active ? t('Switched on.') : t('Switched off.'));
    };
    if (active) run();
    else ask(t('Switch off {{name}}?', { name: member.name || member.email }), t('They are signed out at once and cannot sign in until they are switched on again.'), t('Switch off'), run);
  };
  return (
    <Page title={t('Team')} description={t('Who works with your chatbots and calls, and in which role.')}>
      <Members
        queryKey={['team', 'own']}
        read={(cursor) => answer(listMembers({ query: { cursor } }))}
        invite={(body, key) => answer(inviteMember({ body, headers: once(key) }))}
        change={{ self: me.data?.userId ?? '', role, access }}
      />
    </Page>
  );
}
