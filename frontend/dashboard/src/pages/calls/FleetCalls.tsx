/** Any company's calls, for the master admin. */

import { getCompanyCall, getCompanyRecording, listCompanyCalls, listCompanySegments } from '@call/client/sdk.gen';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { firmQuery } from '../../api/queries.ts';
import { TextLink } from '../../parts/links.tsx';
import { CallDetail } from './CallDetail.tsx';
import { History } from './History.tsx';

export function FleetCalls() {
  const { companyId } = useParams({ from: '/app/admin/companies/$companyId' });
  const read = (query: object) => answer(listCompanyCalls({ path: { company_id: companyId }, query }));
  return <History chatbots={[]} companyId={companyId} read={read} />;
}

export function FleetCall() {
  const { t } = useTranslation();
  const { companyId, callId } = useParams({ from: '/app/admin/companies/$companyId/calls/$callId' });
  const firm = useQuery(firmQuery(companyId));
  const path = { company_id: companyId, call_id: callId };
  return (
    <CallDetail
      callId={callId}
      trail={
        <TextLink to="/admin/companies/$companyId/calls" params={{ companyId }}>
          {firm.data?.name ?? t('Company')}
        </TextLink>
      }
      queryKey={['call', companyId, callId]}
      read={() => answer(getCompanyCall({ path }))}
      lines={async () => (await answer(listCompanySegments({ path }))).items}
      transcriptPath={`/api/admin/fleet/companies/${companyId}/calls/${callId}/transcript`}
      recording={() => answer(getCompanyRecording({ path }))}
    />
  );
}
