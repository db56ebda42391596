/** Reading the server's configuration, colours, and the messages between loader and frame. */

import { describe, expect, it } from 'vitest';
import { contrast, foregroundFor, readable, shade } from '../color.ts';
import { readLauncherConfig, readWidgetConfig } from '../config.ts';
import { unwrap, wrap } from '../envelope.ts';
import { frameStyle, launcherCss } from '../loader/style.ts';
import { schemeOf, themeVariables } from '../frame/theme.ts';

describe('configuration', () => {
  it.each([undefined, null, 'nonsense', 7, {}, { widget: { appearance: [] } }])('is complete without anything (%o)', (raw) => {
    const config = readWidgetConfig(raw);
    expect(config.appearance).toMatchObject({
      theme: 'auto',
      position: 'bottom-right',
      horizontalOffset: 20,
      primaryColor: '#4F46E5',
      callButtonColor: '#10B981',
      borderRadius: 16,
      buttonSize: 56,
      callLauncherText: null,
    });
    expect(config.callOptions).toMatchObject({ visualizerStyle: 'wave', transcriptStyle: 'bottom', endButtonStyle: 'red', interfaceSize: 'modal' });
    expect(config.features).toMatchObject({ feedback: true, requireEmail: false, transcriptDownload: true, recordingDownload: false });
    expect(config.audio).toMatchObject({ echoCancellation: true, noiseSuppression: true });
    expect(config.advanced.language).toBe('en');
  });

  it('reads camelCase and snake_case alike', () => {
    const camel = { agentName: 'R', widget: { callOptions: { visualizerStyle: 'orb', showDuration: false }, features: { requireEmail: true } } };
    const snake = { agent_name: 'R', widget: { call_options: { visualizer_style: 'orb', show_duration: false }, features: { require_email: true } } };
    expect(readWidgetConfig(snake)).toEqual(readWidgetConfig(camel));
    expect(readWidgetConfig(snake).callOptions.visualizerStyle).toBe('orb');
  });

  it.each([
    ['bottom_left', 'bottom-left'],
    ['Top Right', 'top-right'],
    ['topLeft', 'top-left'],
    ['middle', 'bottom-right'],
  ])('position %s means %s', (given, position) => {
    expect(readLauncherConfig({ widget: { appearance: { position: given } } }).appearance.position).toBe(position);
  });

  it.each([
    ['full_screen', 'full'],
    ['Embedded', 'embedded'],
    ['', 'modal'],
  ])('size %s means %s', (given, size) => {
    expect(readLauncherConfig({ widget: { callOptions: { interfaceSize: given } } }).interfaceSize).toBe(size);
  });

  it.each([
    ['fr', 'fr'],
    ['German', 'de'],
    ['es-MX', 'es'],
    ['xx', 'en'],
  ])('language %s means %s', (given, language) => {
    expect(readLauncherConfig({ widget: { advanced: { language: given } } }).language).toBe(language);
  });

  it('translates the default texts and keeps a company’s own as entered', () => {
    const text = (callLauncherText: string): string | null =>
      readLauncherConfig({ widget: { appearance: { callLauncherText } } }).appearance.callLauncherText;
    expect(text('Call us!')).toBeNull();
    expect(text('Ring Robin')).toBe('Ring Robin');
    expect(readWidgetConfig({ endCallMessage: 'Bye!' }).branding.endCallMessage).toBe('Bye!');
  });

  it('refuses colours and addresses that could carry more than that', () => {
    const { appearance, branding } = readWidgetConfig({
      widget: { appearance: { primaryColor: 'red;}body{display:none', horizontalOffset: 4000 }, branding: { logoUrl: 'javascript:alert(1)' } },
    });
    expect(appearance.primaryColor).toBe('#4F46E5');
    expect(appearance.horizontalOffset).toBe(20);
    expect(branding.logoUrl).toBe('');
  });
});

describe('colours', () => {
  it('puts dark text on the default call green and white on the default primary', () => {
    expect(foregroundFor('#10B981')).toBe('#111827');
    expect(foregroundFor('#4F46E5')).toBe('#ffffff');
  });

  it.each(['#000000', '#ffffff', '#10B981', '#facc15', '#7f7f7f', '#4F46E5', '#f0f'])('%s can be read wherever it is used', (color) => {
    expect(contrast(color, foregroundFor(color))).toBeGreaterThanOrEqual(4.5);
    for (const surface of ['#ffffff', '#131722']) expect(contrast(readable(color, surface, 4.5), surface)).toBeGreaterThanOrEqual(4.5);
  });

  it('shades towards white and black', () => {
    expect([shade('#808080', 1), shade('#808080', -1)]).toEqual(['#ffffff', '#000000']);
  });

  it('follows the device only when asked to', () => {
    expect([schemeOf('auto', true), schemeOf('auto', false), schemeOf('light', true)]).toEqual(['dark', 'light', 'light']);
    const { appearance } = readWidgetConfig({});
    expect(themeVariables(appearance, 'dark')['--agent-text']).not.toBe(themeVariables(appearance, 'light')['--agent-text']);
  });
});

describe('frame geometry', () => {
  const config = (interfaceSize: string) =>
    readLauncherConfig({ widget: { callOptions: { interfaceSize }, appearance: { position: 'top-left', horizontalOffset: 10, verticalOffset: 30 } } });

  it('fills the window for a modal, and for everything on a small screen', () => {
    expect(frameStyle(config('modal'), 'open', false)).toMatchObject({ inset: '0', width: '100%' });
    expect(frameStyle(config('embedded'), 'open', true)).toMatchObject({ inset: '0', width: '100%' });
  });

  it('sits in its corner when embedded or minimised', () => {
    expect(frameStyle(config('embedded'), 'open', false)).toMatchObject({ inset: 'auto', top: '30px', left: '10px', width: '400px' });
    expect(frameStyle(config('embedded'), 'pill', true)).toMatchObject({ top: '30px', height: '80px' });
  });

  it('keeps the launcher at 48 px or more', () => {
    const { appearance } = readLauncherConfig({ widget: { appearance: { buttonSize: 12 } } });
    expect(launcherCss(appearance, '#000', '#111')).toContain('min-height:48px');
  });
});

describe('envelope', () => {
  it('opens its own messages only', () => {
    expect(unwrap(wrap({ type: 'close' }))).toMatchObject({ type: 'close' });
    for (const strange of [null, 'close', { type: 'close' }, { ...wrap({ type: 'close' }), version: 2 }]) expect(unwrap(strange)).toBeNull();
  });
});
