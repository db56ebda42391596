/** The widget's configuration as the page holds it. */

import type { WidgetConfig } from '@call/client/types.gen';
import type { Complete } from '../../../api/http.ts';
import type { Editor } from '../../../forms/editor.ts';

export type Config = Complete<WidgetConfig>;
export type ConfigForm = Editor<Config>['form'];

export interface TabProps {
  form: ConfigForm;
  chat: boolean;
  call: boolean;
  /** Whether the saved Call Options record calls. */
  recorded: boolean;
}

/** Empty texts of optional fields mean “none”. */
export function cleaned(config: Config): Config {
  const orNull = (text: string | null): string | null => (text === null || text.trim() === '' ? null : text.trim());
  const { appearance, branding, advanced } = config;
  return {
    ...config,
    appearance: { ...appearance, chatLauncherIcon: orNull(appearance.chatLauncherIcon), callLauncherIcon: orNull(appearance.callLauncherIcon) },
    branding: { ...branding, logoUrl: orNull(branding.logoUrl), callWelcomeMessage: orNull(branding.callWelcomeMessage) },
    advanced: { ...advanced, allowedDomains: advanced.allowedDomains.map((line) => line.trim()).filter((line) => line !== '') },
  };
}

/** One domain a line, without a place for what no line may be. */
export function domainLines(text: string): string[] {
  return text.split(/[\n,]/).map((line) => line.trim());
}

export function embedCode(origin: string, chatbotId: string, companyId: string): string {
  return `<script src="${origin}/widget.js" data-chatbot-id="${chatbotId}" data-company-id="${companyId}"></script>`;
}

const channel = (value: number): number => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};

export function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => channel(Number.parseInt(hex.slice(at, at + 2), 16))) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.2 contrast of two #RRGGBB colours, 1..21. */
export function contrast(first: string, second: string): number {
  const [light, dark] = [luminance(first), luminance(second)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

export const isHex = (value: string): boolean => /^#[0-9a-fA-F]{6}$/.test(value);
