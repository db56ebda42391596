/** What the Widget tab tells the preview. Both are pages of the same origin. */

export const KIND = 'widget-preview';

export interface PreviewMessage {
  kind: typeof KIND;
  /** The public configuration, as the widget reads it. */
  config: Record<string, unknown>;
  background: 'light' | 'dark' | 'image';
}

export function isPreviewMessage(data: unknown): data is PreviewMessage {
  return typeof data === 'object' && data !== null && (data as { kind?: unknown }).kind === KIND;
}

declare global {
  interface Window {
    previewConfig?: Record<string, unknown>;
  }
}
