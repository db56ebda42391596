/** The voices of a call model. */

import { ActionIcon, Button, Card, Group, Select, SimpleGrid, Stack, TagsInput, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Editor } from '../../forms/editor.ts';
import { TextField } from '../../forms/Fields.tsx';
import { Section } from '../../forms/Section.tsx';
import { NEW_VOICE } from './modelDraft.ts';
import type { ModelDraft } from './modelDraft.ts';

export function Voices({ form }: { form: Editor<ModelDraft>['form'] }) {
  const { t } = useTranslation();
  const { voices } = form.values;
  return (
    <Section title={t('Available Voices')} description={t('Only voices the model really accepts: a call with another one fails.')}>
      {voices.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('No voices yet. A call model needs at least one.')}
        </Text>
      )}
      {voices.map((voice, index) => {
        const path = `voices.${index}`;
        return (
          <Card key={index} padding="md" component="fieldset">
            <Stack gap="sm">
              <Group justify="space-between">
                <Text fw={600}>{voice.name || t('New voice')}</Text>
                <ActionIcon
                  variant="subtle"
                  color="red"
                  aria-label={t('Remove the voice {{name}}', { name: voice.name })}
                  onClick={() => form.removeListItem('voices', index)}
                >
                  <IconTrash size={18} aria-hidden />
                </ActionIcon>
              </Group>
              <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
                <TextField form={form} path={`${path}.id`} label={t('Voice ID')} required />
                <TextField form={form} path={`${path}.name`} label={t('Voice Name')} required />
                <Select
                  label={t('Gender')}
                  allowDeselect={false}
                  data={[
                    { value: 'female', label: t('Female') },
                    { value: 'male', label: t('Male') },
                    { value: 'neutral', label: t('Neutral') },
                  ]}
                  {...form.getInputProps(`${path}.gender`)}
                />
                <TextField form={form} path={`${path}.accent`} label={t('Language/Accent')} />
                <TextField form={form} path={`${path}.description`} label={t('Description')} />
                <TextField form={form} path={`${path}.sampleUrl`} label={t('Sample Audio URL')} />
              </SimpleGrid>
              <TagsInput label={t('Tones')} {...form.getInputProps(`${path}.tones`)} />
            </Stack>
          </Card>
        );
      })}
      <div>
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => form.insertListItem('voices', NEW_VOICE)}>
          {t('Add voice')}
        </Button>
      </div>
    </Section>
  );
}
