/** The interface during a call, and what is offered around it. */

import { Group, Radio, Select, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { SwitchField } from '../../../forms/Fields.tsx';
import { Section } from '../../../forms/Section.tsx';
import type { TabProps } from './draft.ts';

export function CallTab({ form, chat }: TabProps) {
  const { t } = useTranslation();
  const group = (path: string, label: string, choices: [string, string, string?][], help?: string) => (
    <Radio.Group label={label} description={help} {...form.getInputProps(path)}>
      <Stack gap={6} mt={6}>
        {choices.map(([value, name, description]) => (
          <Radio key={value} value={value} label={name} description={description} />
        ))}
      </Stack>
    </Radio.Group>
  );
  return (
    <Section title={t('Call Options')}>
      {group(
        'callOptions.visualizerStyle',
        t('Visualizer Style'),
        [
          ['wave', t('Wave'), t('Bars that move with the voices')],
          ['orb', t('Orb'), t('A disc that breathes with the voices')],
        ],
        t('Choose how audio is visualized during active call'),
      )}
      {group('callOptions.interfaceSize', t('Call Interface Size'), [
        ['modal', t('Modal'), t('A dialog over the page')],
        ['fullscreen', t('Full Screen'), t('The whole window')],
        ['embedded', t('Embedded'), t('A panel in the corner; the page stays usable')],
      ])}
      <SwitchField form={form} path="callOptions.showDuration" label={t('Show Call Duration')} />
      <SwitchField form={form} path="callOptions.showLiveTranscript" label={t('Show Live Transcript')} />
      {form.values.callOptions.showLiveTranscript &&
        group('callOptions.transcriptStyle', t('Transcript Display Style'), [
          ['inline', t('Inline')],
          ['side', t('Side Panel')],
          ['bottom', t('Bottom Panel')],
        ])}
      <SwitchField form={form} path="callOptions.showMuteButton" label={t('Show Mute Button')} />
      {group('callOptions.endButtonStyle', t('End Call button style'), [
        ['red', t('Red Button')],
        ['icon', t('Icon Only')],
        ['text', t('Text Button')],
      ])}
      <SwitchField form={form} path="callOptions.showAgentAvatar" label={t('Show Agent Avatar')} />
      {chat &&
        group('callOptions.buttonPosition', t('Call Button Position Relative to Chat'), [
          ['above', t('Above Chat Button')],
          ['below', t('Below Chat Button')],
          ['separate', t('Separate Position')],
        ])}
    </Section>
  );
}

export function FeaturesTab({ form, chat, call, recorded }: TabProps) {
  const { t } = useTranslation();
  return (
    <Section title={t('Features')}>
      <SwitchField form={form} path="features.feedback" label={t('Enable Feedback')} />
      <Group>
        <SwitchField form={form} path="features.requireEmail" label={t('Require Email')} help={t('Asked before a call')} />
        <SwitchField form={form} path="features.requireName" label={t('Require Name')} help={t('Asked before a call')} />
      </Group>
      {call && (
        <>
          <SwitchField form={form} path="features.qualityIndicator" label={t('Show Call Quality Indicator')} />
          <SwitchField
            form={form}
            path="features.recordingDownload"
            label={t('Allow Call Recording Download')}
            help={t('Only available if call recording is enabled in Call Options')}
            disabled={!recorded && !form.values.features.recordingDownload}
          />
          <SwitchField form={form} path="features.transcriptDownload" label={t('Allow Transcript Download')} />
        </>
      )}
      {chat && call && <SwitchField form={form} path="features.switchToChat" label={t('Show “Switch to Chat” Button')} />}
      {chat && (
        <>
          <SwitchField form={form} path="features.fileUploads" label={t('Enable File Uploads')} />
          <SwitchField form={form} path="features.pushToTalk" label={t('Voice Support (Push to Talk)')} />
          <SwitchField form={form} path="features.showAgentList" label={t('Show Agent List at Top')} />
          <Select
            label={t('Agents Listing Type')}
            allowDeselect={false}
            maw={260}
            data={[
              { value: 'minimal', label: t('Minimal') },
              { value: 'compact', label: t('Compact') },
              { value: 'standard', label: t('Standard') },
              { value: 'detailed', label: t('Detailed') },
            ]}
            {...form.getInputProps('features.agentListType')}
          />
        </>
      )}
    </Section>
  );
}
