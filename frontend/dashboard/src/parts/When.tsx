/** A moment: how long ago, with the full time on hover and focus. */

import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ago, dateTime } from '../text/format.ts';

export function When({ iso }: { iso: string }) {
  const { i18n } = useTranslation();
  const full = dateTime(iso, i18n.language);
  return (
    <Tooltip label={full}>
      <time dateTime={iso}>{ago(iso, Date.now(), i18n.language) ?? full}</time>
    </Tooltip>
  );
}
