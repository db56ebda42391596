/** Short messages at the edge of the page. What shows them is loaded with the first one. */

import { notificationsStore, useNotifications } from '@mantine/notifications';
import { lazy, Suspense, useState } from 'react';

const Shown = lazy(() => import('./ShownMessages.tsx'));

export function Messages() {
  const { notifications } = useNotifications(notificationsStore);
  const [ever, setEver] = useState(false);
  if (!ever && notifications.length > 0) setEver(true);
  return ever ? (
    <Suspense fallback={null}>
      <Shown />
    </Suspense>
  ) : null;
}
