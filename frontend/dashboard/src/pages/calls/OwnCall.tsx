/** One of the own company's calls. */

import { getCall, getRecording, listSegments } from '@call/client/sdk.gen';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { TextLink } from '../../parts/links.tsx';
import { CallDetail } from './CallDetail.tsx';

export function OwnCall() {
  const { t } = useTranslation();
  const { callId } = useParams({ from: '/app/calls/$callId' });
  return (
    <CallDetail
      callId={callId}
      trail={<TextLink to="/calls">{t('Call history')}</TextLink>}
      queryKey={['call', callId]}
      read={() => answer(getCall({ path: { call_id: callId } }))}
      lines={async () => (await answer(listSegments({ path: { call_id: callId } }))).items}
      transcriptPath={`/api/admin/calls/${callId}/transcript`}
      recording={() => answer(getRecording({ path: { call_id: callId } }))}
    />
  );
}
