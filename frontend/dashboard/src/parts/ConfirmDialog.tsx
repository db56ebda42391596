/** See confirm.tsx. */

import { Button, Group, Modal, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Question } from './confirm.tsx';

export default function ConfirmDialog({ question, onClose }: { question: Question; onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onClose} title={question.title}>
      <Text size="sm" component="div">
        {question.text}
      </Text>
      <Group justify="flex-end" mt="lg">
        <Button data-autofocus variant="default" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button
          color={question.danger === true ? 'red' : undefined}
          onClick={() => {
            onClose();
            question.run();
          }}
        >
          {question.action}
        </Button>
      </Group>
    </Modal>
  );
}
