/** Colours and sizes. Text and controls keep WCAG 2.2 AA contrast in both schemes; the defaults of the kit do not. */

import { createTheme } from '@mantine/core';
import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';

const pine: MantineColorsTuple = [
  '#eaf6f2', '#d5eae3', '#a9d5c7', '#7abfa9', '#53ad90', '#3aa180', '#2a9a77', '#1b7f60', '#0f6d51', '#005d43',
];

/** `close` is the name of every close button. */
export const themeWith = (close: string) => createTheme({
  colors: { pine },
  primaryColor: 'pine',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  luminanceThreshold: 0.32,
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.6rem' }, h2: { fontSize: '1.15rem' }, h3: { fontSize: '1rem' } } },
  components: {
    Card: { defaultProps: { withBorder: true, padding: 'lg' } },
    Table: { defaultProps: { verticalSpacing: 'sm', horizontalSpacing: 'md' } },
    Badge: { defaultProps: { variant: 'light', tt: 'none', radius: 'sm' } },
    Tooltip: { defaultProps: { events: { hover: true, focus: true, touch: true }, multiline: true, maw: 300 } },
    Modal: { defaultProps: { centered: true, closeButtonProps: { 'aria-label': close } } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': close } } },
    TextInput: { defaultProps: { errorProps: { role: 'alert' } } },
    Slider: { defaultProps: { label: null } },
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--page': '#f6f7f6',
    '--caller': '#1d5fa8',
    '--agent': '#0b6349',
    '--caution': '#8a5200',
    '--mantine-color-dimmed': '#59625e',
    '--mantine-color-placeholder': '#6a736f',
    '--mantine-color-error': '#c02626',
    '--mantine-color-anchor': '#0b6349',
    '--mantine-color-green-light-color': '#1d6b30',
    '--mantine-color-blue-light-color': '#17589a',
    '--mantine-color-orange-light-color': '#9a3800',
    '--mantine-color-red-light-color': '#a51d1d',
    '--mantine-color-yellow-light-color': '#7a4b00',
  },
  dark: {
    '--mantine-color-body': '#1b1f1d',
    '--page': '#141715',
    '--caller': '#8cc1ff',
    '--agent': '#7ad0b3',
    '--caution': '#ffc16b',
    '--mantine-color-dimmed': '#aab3ae',
    '--mantine-color-placeholder': '#98a19c',
    '--mantine-color-error': '#ff9a9a',
    '--mantine-color-anchor': '#7ad0b3',
    '--mantine-color-default-border': '#3a413d',
    '--mantine-color-dark-4': '#5a645f',
    '--mantine-color-dark-5': '#2f3733',
    '--mantine-color-dark-6': '#212725',
    '--mantine-color-dark-7': '#1b1f1d',
    '--mantine-color-dark-8': '#141715',
  },
});
