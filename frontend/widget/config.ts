/**
 * The public configuration of one chatbot's widget, read from the server's JSON.
 *
 * The only place that knows the server's spelling: keys may be camelCase or snake_case, every field may be missing,
 * and a value of the wrong form counts as missing. What comes out is complete and typed.
 */

export type Language = 'en' | 'es' | 'fr' | 'de';
export type Theme = 'light' | 'dark' | 'auto';
export type Position = 'bottom-right' | 'bottom-left' | 'top-right' | 'top-left';

export interface Appearance {
  theme: Theme;
  position: Position;
  /** Pixels from the edge, 0..100. */
  horizontalOffset: number;
  verticalOffset: number;
  primaryColor: string;
  /** Empty: derived from the primary colour. */
  accentColor: string;
  /** Pixels, 0..50. */
  borderRadius: number;
  /** Pixels: 48, 56 or 64. */
  buttonSize: number;
  /** Percent, 0..50. */
  launcherIconBorderRadius: number;
  callLauncherIcon: string;
  showCallLauncherText: boolean;
  /** Null: the translated default. */
  callLauncherText: string | null;
  callButtonColor: string;
}

export interface Branding {
  logoUrl: string;
  /** Null: the translated default. */
  endCallMessage: string | null;
}

export interface CallOptions {
  visualizerStyle: 'wave' | 'orb';
  showDuration: boolean;
  showLiveTranscript: boolean;
  transcriptStyle: 'inline' | 'side' | 'bottom';
  showTimestamps: boolean;
  showMuteButton: boolean;
  endButtonStyle: 'red' | 'icon' | 'text';
  interfaceSize: 'modal' | 'full' | 'embedded';
  showAgentAvatar: boolean;
  avatarUrl: string;
  buttonPlacement: 'above' | 'below' | 'separate';
}

export interface Features {
  feedback: boolean;
  requireEmail: boolean;
  requireName: boolean;
  qualityIndicator: boolean;
  recordingDownload: boolean;
  transcriptDownload: boolean;
  switchToChat: boolean;
}

export interface Advanced {
  language: Language;
  customCss: string;
}

export interface AudioSettings {
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
}

export interface WidgetConfig {
  chatbotId: string;
  companyId: string;
  companyName: string;
  agentName: string;
  enabledCall: boolean;
  enabledChat: boolean;
  recordingEnabled: boolean;
  appearance: Appearance;
  branding: Branding;
  callOptions: CallOptions;
  features: Features;
  advanced: Advanced;
  audio: AudioSettings;
}

/** What the launcher alone needs; reading less keeps the loader small. */
export interface LauncherConfig {
  companyId: string;
  companyName: string;
  enabledCall: boolean;
  appearance: Appearance;
  interfaceSize: CallOptions['interfaceSize'];
  language: Language;
}

type Json = Readonly<Record<string, unknown>>;

const DEFAULT_LAUNCHER_TEXT = 'Call us!';
const DEFAULT_END_MESSAGE = 'Thank you for calling!';
const BUTTON_SIZES: Readonly<Record<string, number>> = { small: 48, medium: 56, large: 64 };
const LANGUAGES: Readonly<Record<string, Language>> = {
  en: 'en',
  english: 'en',
  es: 'es',
  spanish: 'es',
  fr: 'fr',
  french: 'fr',
  de: 'de',
  german: 'de',
};

const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');

function pick(from: Json, ...keys: string[]): unknown {
  for (const key of keys) {
    const value = from[key] ?? from[snake(key)];
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

function group(from: Json, ...keys: string[]): Json {
  const value = pick(from, ...keys);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function text(from: Json, fallback: string, ...keys: string[]): string {
  const value = pick(from, ...keys);
  return typeof value === 'string' && value.trim() !== '' ? value : fallback;
}

function flag(from: Json, fallback: boolean, ...keys: string[]): boolean {
  const value = pick(from, ...keys);
  return typeof value === 'boolean' ? value : fallback;
}

function amount(from: Json, fallback: number, highest: number, ...keys: string[]): number {
  const value = pick(from, ...keys);
  return typeof value === 'number' && value >= 0 && value <= highest ? value : fallback;
}

/** The first choice is the default; a value matches by its start, so "full_screen" means "full". */
function choice<T extends string>(from: Json, choices: readonly [T, ...T[]], ...keys: string[]): T {
  const value = plain(text(from, '', ...keys));
  return choices.find((one) => value !== '' && value.startsWith(plain(one))) ?? choices[0];
}

function color(from: Json, fallback: string, ...keys: string[]): string {
  const value = text(from, '', ...keys).trim();
  return /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(value) ? value : fallback;
}

/** Only addresses that cannot carry script. */
function address(from: Json, ...keys: string[]): string {
  const value = text(from, '', ...keys);
  return /^(https?:\/\/|\/(?!\/)|data:image\/)/i.test(value) ? value : '';
}

function ownText(from: Json, translatedDefault: string, ...keys: string[]): string | null {
  const value = text(from, translatedDefault, ...keys);
  return value === translatedDefault ? null : value;
}

function buttonSize(from: Json): number {
  const value = pick(from, 'buttonSize');
  if (typeof value === 'number') return Math.min(96, Math.max(48, value));
  return BUTTON_SIZES[plain(String(value ?? ''))] ?? 56;
}

function readAppearance(from: Json): Appearance {
  return {
    theme: choice(from, ['auto', 'light', 'dark'], 'theme'),
    position: choice(from, ['bottom-right', 'bottom-left', 'top-right', 'top-left'], 'position'),
    horizontalOffset: amount(from, 20, 100, 'horizontalOffset', 'offsetX'),
    verticalOffset: amount(from, 20, 100, 'verticalOffset', 'offsetY'),
    primaryColor: color(from, '#4F46E5', 'primaryColor'),
    accentColor: color(from, '', 'accentColor'),
    borderRadius: amount(from, 16, 50, 'borderRadius'),
    buttonSize: buttonSize(from),
    launcherIconBorderRadius: amount(from, 50, 50, 'launcherBorderRadiusPercent'),
    callLauncherIcon: address(from, 'callLauncherIcon', 'callLauncherIconUrl'),
    showCallLauncherText: flag(from, true, 'showCallLauncherText'),
    callLauncherText: ownText(from, DEFAULT_LAUNCHER_TEXT, 'callLauncherText'),
    callButtonColor: color(from, '#10B981', 'callButtonColor'),
  };
}

function readLanguage(advanced: Json): Language {
  const value = text(advanced, 'en', 'language').toLowerCase();
  return LANGUAGES[value] ?? LANGUAGES[value.slice(0, 2)] ?? 'en';
}

function readCallOptions(from: Json): CallOptions {
  return {
    visualizerStyle: choice(from, ['wave', 'orb'], 'visualizerStyle', 'visualizer'),
    showDuration: flag(from, true, 'showDuration', 'showCallDuration'),
    showLiveTranscript: flag(from, true, 'showLiveTranscript'),
    transcriptStyle: choice(from, ['bottom', 'inline', 'side'], 'transcriptStyle', 'transcriptDisplayStyle'),
    showTimestamps: flag(from, false, 'showTimestamps'),
    showMuteButton: flag(from, true, 'showMuteButton'),
    endButtonStyle: choice(from, ['red', 'icon', 'text'], 'endButtonStyle', 'endCallButtonStyle'),
    interfaceSize: readInterfaceSize(from),
    showAgentAvatar: flag(from, true, 'showAgentAvatar'),
    avatarUrl: address(from, 'avatarUrl', 'agentAvatarUrl'),
    buttonPlacement: choice(from, ['above', 'below', 'separate'], 'buttonPosition'),
  };
}

function readInterfaceSize(from: Json): CallOptions['interfaceSize'] {
  return choice(from, ['modal', 'full', 'embedded'], 'interfaceSize', 'callInterfaceSize');
}

function readFeatures(from: Json): Features {
  return {
    feedback: flag(from, true, 'feedback', 'enableFeedback'),
    requireEmail: flag(from, false, 'requireEmail'),
    requireName: flag(from, false, 'requireName'),
    qualityIndicator: flag(from, true, 'qualityIndicator', 'showCallQualityIndicator', 'showQualityIndicator'),
    recordingDownload: flag(from, false, 'recordingDownload', 'allowRecordingDownload', 'allowCallRecordingDownload'),
    transcriptDownload: flag(from, true, 'transcriptDownload', 'allowTranscriptDownload'),
    switchToChat: flag(from, true, 'switchToChat', 'showSwitchToChat'),
  };
}

function asJson(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

export function readLauncherConfig(value: unknown): LauncherConfig {
  const root = asJson(value);
  const widget = group(root, 'widget');
  return {
    companyId: text(root, '', 'companyId'),
    companyName: text(root, '', 'companyName'),
    enabledCall: flag(root, true, 'enabledCall'),
    appearance: readAppearance(group(widget, 'appearance')),
    interfaceSize: readInterfaceSize(group(widget, 'callOptions')),
    language: readLanguage(group(widget, 'advanced')),
  };
}

export function readWidgetConfig(value: unknown): WidgetConfig {
  const root = asJson(value);
  const widget = group(root, 'widget');
  const branding = group(widget, 'branding');
  const advanced = group(widget, 'advanced');
  const audio = group(root, 'audio');
  const callOptions = readCallOptions(group(widget, 'callOptions'));
  return {
    chatbotId: text(root, '', 'chatbotId'),
    companyId: text(root, '', 'companyId'),
    companyName: text(root, '', 'companyName'),
    agentName: text(root, '', 'agentName'),
    enabledCall: flag(root, true, 'enabledCall'),
    enabledChat: flag(root, false, 'enabledChat'),
    recordingEnabled: flag(root, false, 'recordingEnabled'),
    appearance: readAppearance(group(widget, 'appearance')),
    branding: {
      logoUrl: address(branding, 'logoUrl', 'companyLogo', 'companyLogoUrl'),
      endCallMessage:
        ownText(branding, DEFAULT_END_MESSAGE, 'endCallMessage') ?? ownText(root, DEFAULT_END_MESSAGE, 'endCallMessage'),
    },
    callOptions: { ...callOptions, avatarUrl: callOptions.avatarUrl || address(root, 'agentAvatarUrl', 'avatarUrl') },
    features: readFeatures(group(widget, 'features')),
    advanced: { language: readLanguage(advanced), customCss: text(advanced, '', 'customCss') },
    audio: {
      echoCancellation: flag(audio, true, 'echoCancellation'),
      noiseSuppression: flag(audio, true, 'noiseSuppression'),
      autoGainControl: flag(audio, true, 'autoGainControl'),
    },
  };
}
