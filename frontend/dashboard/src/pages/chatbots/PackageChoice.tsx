/** The first step of the wizard: packages as cards. */

import { Badge, Button, Card, Group, SegmentedControl, Select, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconBox, IconCheck, IconSearch } from '@tabler/icons-react';
import { listOfferedPackages } from '@call/client/sdk.gen';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer } from '../../api/http.ts';
import { Capabilities } from '../../parts/Badges.tsx';
import { Empty, Loaded } from '../../parts/States.tsx';
import { capabilityOf } from '../admin/Packages.tsx';
import type { Offered } from './NewChatbot.tsx';

function PackageCard({ found, chosen, onChoose }: { found: Offered; chosen: boolean; onChoose(): void }) {
  const { t } = useTranslation();
  const { content } = found;
  return (
    <Card component="article" data-chosen={chosen || undefined} className="voice">
      <Stack gap="xs" h="100%">
        <Group justify="space-between">
          <Capabilities chat={content.enabledChat} call={content.enabledCall} />
          <Badge color="gray">{content.category}</Badge>
        </Group>
        <Title order={2} size="h3">
          {content.name}
        </Title>
        <Text size="sm" c="dimmed" style={{ flex: 1 }}>
          {content.description}
        </Text>
        <Button
          variant={chosen ? 'filled' : 'default'}
          leftSection={chosen ? <IconCheck size={16} aria-hidden /> : undefined}
          aria-label={`${t('Select Package')}: ${content.name}`}
          onClick={onChoose}
        >
          {t('Select Package')}
        </Button>
      </Stack>
    </Card>
  );
}

export function PackageChoice({ chosen, onChoose }: { chosen: string | null; onChoose(found: Offered): void }) {
  const { t } = useTranslation();
  const [word, setWord] = useState('');
  const [capability, setCapability] = useState('all');
  const [category, setCategory] = useState<string | null>(null);
  const packages = useQuery({ queryKey: ['offered'], queryFn: async () => (await answer(listOfferedPackages())).items });
  const categories = [...new Set((packages.data ?? []).map((found) => found.content.category))];
  return (
    <Stack>
      <Group align="flex-end">
        <TextInput
          label={t('Search')}
          placeholder={t('Package name')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={word}
          onChange={(event) => setWord(event.currentTarget.value)}
        />
        <Select label={t('Category')} placeholder={t('All')} clearable clearButtonProps={{ 'aria-label': t('Clear') }} data={categories} value={category} onChange={setCategory} />
      </Group>
      <SegmentedControl
        aria-label={t('Capability')}
        value={capability}
        onChange={setCapability}
        w="fit-content"
        maw="100%"
        data={[
          { value: 'all', label: t('Show All') },
          { value: 'chat', label: t('Chat Only') },
          { value: 'call', label: t('Call Only') },
          { value: 'both', label: t('Chat and Call') },
        ]}
      />
      <Loaded query={packages} what={t('Loading the packages')}>
        {(all) => {
          const shown = all.filter(
            ({ content }) =>
              (capability === 'all' || capabilityOf(content) === capability) &&
              (category === null || content.category === category) &&
              content.name.toLowerCase().includes(word.trim().toLowerCase()),
          );
          if (shown.length === 0) {
            return (
              <Empty icon={<IconBox />} title={all.length === 0 ? t('No packages are offered to your company') : t('No package matches')}>
                {all.length === 0 ? t('Packages with calls appear once calls are switched on for your company. Contact support.') : t('Choose another capability or category.')}
              </Empty>
            );
          }
          return (
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              {shown.map((found) => (
                <PackageCard key={found.packageId} found={found} chosen={found.packageId === chosen} onChoose={() => onChoose(found)} />
              ))}
            </SimpleGrid>
          );
        }}
      </Loaded>
    </Stack>
  );
}
