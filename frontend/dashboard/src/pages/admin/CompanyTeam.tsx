/** A company's members, as the master admin sees and invites them. */

import { inviteCompanyMember, listCompanyMembers } from '@call/client/sdk.gen';
import { useParams } from '@tanstack/react-router';
import { answer, once } from '../../api/http.ts';
import { Members } from '../team/Members.tsx';

export function CompanyTeam() {
  const { companyId } = useParams({ from: '/app/admin/companies/$companyId' });
  const path = { company_id: companyId };
  return (
    <Members
      queryKey={['team', companyId]}
      read={(cursor) => answer(listCompanyMembers({ path, query: { cursor } }))}
      invite={(body, key) => answer(inviteCompanyMember({ path, body, headers: once(key) }))}
    />
  );
}
