/** What a call was about, as the AI wrote it down afterwards. */

import { Badge, Card, List, Stack, Text, Title } from '@mantine/core';
import { IconMoodHappy, IconMoodNeutral, IconMoodSad } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Detail } from './CallDetail.tsx';
import '../../parts/controls.css';

const MOODS = { positive: ['green', IconMoodHappy], neutral: ['gray', IconMoodNeutral], negative: ['red', IconMoodSad] } as const;

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {title}
      </Text>
      <Text size="sm" component="div">
        {children}
      </Text>
    </div>
  );
}

export function Summary({ detail }: { detail: Detail }) {
  const { t } = useTranslation();
  const { summary } = detail;
  const moods = { positive: t('Positive'), neutral: t('Neutral'), negative: t('Negative') };
  if (summary === null) {
    return (
      <Card component="section" aria-label={t('Summary')}>
        <Title order={2}>{t('Summary')}</Title>
        <Text size="sm" c="dimmed" mt={6}>
          {detail.closedAt === null ? t('It is written when the call has ended and its work is done.') : t('There is none: the chatbot does not write summaries, or nothing was said.')}
        </Text>
      </Card>
    );
  }
  const [color, Icon] = MOODS[summary.sentiment];
  const list = (items: readonly string[]) => (
    <List size="sm">
      {items.map((item) => (
        <List.Item key={item}>{item}</List.Item>
      ))}
    </List>
  );
  return (
    <Card component="section" aria-label={t('Summary')}>
      <Stack gap="sm">
        <Title order={2}>{t('Summary')}</Title>
        <Part title={t('Purpose')}>{summary.purpose}</Part>
        {summary.keyPoints.length > 0 && <Part title={t('Discussion')}>{list(summary.keyPoints)}</Part>}
        <Part title={t('Outcome')}>{summary.outcome}</Part>
        {summary.actionItems.length > 0 && <Part title={t('Action items')}>{list(summary.actionItems)}</Part>}
        <Part title={t('Resolution')}>{{ resolved: t('Resolved'), partial: t('Partly resolved'), unresolved: t('Not resolved') }[summary.resolution]}</Part>
        <Part title={t('Sentiment')}>
          <Badge color={color} leftSection={<Icon size={14} aria-hidden />}>
            {moods[summary.sentiment]}
          </Badge>
        </Part>
      </Stack>
    </Card>
  );
}
