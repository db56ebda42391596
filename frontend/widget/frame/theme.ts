/** The configured colours and radius as CSS variables, with foregrounds that can be read in light and dark. */

import { foregroundFor, hoverOf, readable, shade } from '../color.ts';
import type { Appearance, Theme } from '../config.ts';

const SURFACE = { light: '#ffffff', dark: '#131722' } as const;

export type Scheme = keyof typeof SURFACE;

export function schemeOf(theme: Theme, prefersDark: boolean): Scheme {
  if (theme !== 'auto') return theme;
  return prefersDark ? 'dark' : 'light';
}

export function themeVariables(appearance: Appearance, scheme: Scheme): Record<string, string> {
  const { primaryColor, callButtonColor } = appearance;
  const surface = SURFACE[scheme];
  const accent = appearance.accentColor || shade(primaryColor, scheme === 'light' ? 0.35 : 0.2);
  return {
    '--primary': primaryColor,
    '--on-primary': foregroundFor(primaryColor),
    '--primary-hover': hoverOf(primaryColor),
    '--primary-text': readable(primaryColor, surface, 4.5),
    '--accent': accent,
    '--agent': readable(callButtonColor, surface, 3),
    '--agent-text': readable(callButtonColor, surface, 4.5),
    '--user': readable('#2563eb', surface, 3),
    '--user-text': readable('#2563eb', surface, 4.5),
    '--idle': scheme === 'light' ? '#8a93a6' : '#7a849a',
    '--radius': `${appearance.borderRadius}px`,
    '--control-radius': `${Math.min(appearance.borderRadius, 28)}px`,
  };
}
