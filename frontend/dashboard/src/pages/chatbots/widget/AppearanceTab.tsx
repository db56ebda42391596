/** How launcher and interface look. */

import { Radio, Group, Select, SimpleGrid } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ColorField, SliderField, SwitchField, TextField } from '../../../forms/Fields.tsx';
import { Section } from '../../../forms/Section.tsx';
import { contrast, isHex } from './draft.ts';
import type { TabProps } from './draft.ts';

const pixels = (value: number): string => `${value} px`;

function useContrastNote(): (color: string) => string | null {
  const { t } = useTranslation();
  return (color) => {
    if (!isHex(color) || contrast(color, '#FFFFFF') >= 4.5) return null;
    return t('White text on this colour is hard to read ({{ratio}}:1), so dark text is used.', { ratio: contrast(color, '#FFFFFF').toFixed(2) });
  };
}

function General({ form }: Pick<TabProps, 'form'>) {
  const { t } = useTranslation();
  const note = useContrastNote();
  const { appearance } = form.values;
  return (
    <Section title={t('Look and place')}>
      <Radio.Group label={t('Theme')} {...form.getInputProps('appearance.theme')}>
        <Group mt={4}>
          <Radio value="light" label={t('Light')} />
          <Radio value="dark" label={t('Dark')} />
          <Radio value="auto" label={t('Auto (follows the device)')} />
        </Group>
      </Radio.Group>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Select
          label={t('Position')}
          allowDeselect={false}
          data={[
            { value: 'bottom-right', label: t('Bottom Right') },
            { value: 'bottom-left', label: t('Bottom Left') },
            { value: 'top-right', label: t('Top Right') },
            { value: 'top-left', label: t('Top Left') },
          ]}
          {...form.getInputProps('appearance.position')}
        />
        <Select
          label={t('Button Size')}
          allowDeselect={false}
          data={[
            { value: 'small', label: t('Small (48 px)') },
            { value: 'medium', label: t('Medium (56 px)') },
            { value: 'large', label: t('Large (64 px)') },
          ]}
          {...form.getInputProps('appearance.buttonSize')}
        />
        <SliderField form={form} path="appearance.horizontalOffset" label={t('Horizontal offset')} min={0} max={100} show={pixels} />
        <SliderField form={form} path="appearance.verticalOffset" label={t('Vertical offset')} min={0} max={100} show={pixels} />
        <SliderField form={form} path="appearance.borderRadius" label={t('Border Radius')} min={0} max={50} show={pixels} />
        <SliderField form={form} path="appearance.launcherBorderRadiusPercent" label={t('Launcher Icon Border Radius')} min={0} max={50} show={(value) => `${value} %`} />
        <ColorField form={form} path="appearance.primaryColor" label={t('Primary Color')} help={t('Buttons, active states, visualizer')} warning={note(appearance.primaryColor)} />
        <ColorField form={form} path="appearance.accentColor" label={t('Accent Color')} help={t('Hover and secondary parts')} />
      </SimpleGrid>
    </Section>
  );
}

function CallLauncher({ form }: Pick<TabProps, 'form'>) {
  const { t } = useTranslation();
  const note = useContrastNote();
  const { appearance } = form.values;
  return (
    <Section title={t('Call button')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <ColorField form={form} path="appearance.callButtonColor" label={t('Call Button Color')} warning={note(appearance.callButtonColor)} />
        <TextField form={form} path="appearance.callLauncherIcon" label={t('Call Launcher Icon')} help={t('Address of an SVG or PNG, 32×32; empty: a phone')} placeholder="https://" />
      </SimpleGrid>
      <SwitchField form={form} path="appearance.showCallLauncherText" label={t('Show Call Launcher Text')} />
      {appearance.showCallLauncherText && <TextField form={form} path="appearance.callLauncherText" label={t('Call Launcher Text')} maxLength={50} />}
    </Section>
  );
}

function ChatLauncher({ form }: Pick<TabProps, 'form'>) {
  const { t } = useTranslation();
  const { appearance } = form.values;
  return (
    <Section title={t('Chat button')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextField form={form} path="appearance.chatLauncherIcon" label={t('Chat Launcher Icon')} help={t('Address of an SVG or PNG, 32×32; empty: a bubble')} placeholder="https://" />
        <ColorField form={form} path="appearance.userBubbleColor" label={t('User Bubble Color')} />
      </SimpleGrid>
      <SwitchField form={form} path="appearance.overrideAgentColors" label={t('Override Agent Colors')} />
      {appearance.overrideAgentColors && <ColorField form={form} path="appearance.agentBubbleColor" label={t('Agent Bubble Color')} />}
      <SwitchField form={form} path="appearance.showChatLauncherText" label={t('Show Launcher Text')} />
      {appearance.showChatLauncherText && (
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <TextField form={form} path="appearance.chatLauncherText" label={t('Launcher Text')} maxLength={50} />
          <ColorField form={form} path="appearance.chatLauncherTextBackground" label={t('Text Background')} />
          <ColorField form={form} path="appearance.chatLauncherTextColor" label={t('Text Color')} />
        </SimpleGrid>
      )}
    </Section>
  );
}

export function AppearanceTab({ form, chat, call }: TabProps) {
  return (
    <>
      <General form={form} />
      {call && <CallLauncher form={form} />}
      {chat && <ChatLauncher form={form} />}
    </>
  );
}
