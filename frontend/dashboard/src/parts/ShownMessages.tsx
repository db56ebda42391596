/** See Messages.tsx. */

import { Notifications } from '@mantine/notifications';
import '@mantine/core/styles/Notification.css';
import '@mantine/notifications/styles.css';

export default function ShownMessages() {
  return <Notifications position="top-right" />;
}
