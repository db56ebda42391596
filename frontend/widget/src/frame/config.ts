// The public configuration of a widget, with the documented default for everything that is missing.

export type Language = "en" | "es" | "fr" | "de";

export interface WidgetConfig {
  chatbotId: string;
  companyId: string;
  companyName: string;
  agentName: string;
  enabledCall: boolean;
  recordingEnabled: boolean;
  echoCancellation: boolean;
  noiseSuppression: boolean;
  theme: "light" | "dark" | "auto";
  primaryColor: string;
  borderRadius: number;
  logoUrl: string | null;
  endCallMessage: string;
  visualizer: "wave" | "orb";
  showDuration: boolean;
  showTranscript: boolean;
  transcriptStyle: "inline" | "side" | "bottom";
  showMute: boolean;
  endButton: "red" | "icon" | "text";
  size: "modal" | "fullscreen" | "embedded";
  showAvatar: boolean;
  feedback: boolean;
  requireEmail: boolean;
  requireName: boolean;
  quality: boolean;
  recordingDownload: boolean;
  transcriptDownload: boolean;
  customCss: string;
  language: Language;
}

type Json = Record<string, any>;

export function readConfig(json: Json): WidgetConfig {
  const widget: Json = json.widget ?? {};
  const appearance: Json = widget.appearance ?? {};
  const branding: Json = widget.branding ?? {};
  const options: Json = widget.callOptions ?? {};
  const features: Json = widget.features ?? {};
  const advanced: Json = widget.advanced ?? {};
  return {
    chatbotId: json.chatbotId ?? "",
    companyId: json.companyId ?? "",
    companyName: json.companyName ?? "",
    agentName: json.agentName ?? "AI assistant",
    enabledCall: json.enabledCall ?? false,
    recordingEnabled: json.recordingEnabled ?? false,
    echoCancellation: json.audio?.echoCancellation ?? true,
    noiseSuppression: json.audio?.noiseSuppression ?? true,
    theme: appearance.theme ?? "auto",
    primaryColor: appearance.primaryColor ?? "#4F46E5",
    borderRadius: appearance.borderRadius ?? 16,
    logoUrl: branding.logoUrl ?? null,
    endCallMessage: branding.endCallMessage ?? "Thank you for calling!",
    visualizer: options.visualizerStyle ?? "wave",
    showDuration: options.showDuration ?? true,
    showTranscript: options.showLiveTranscript ?? true,
    transcriptStyle: options.transcriptStyle ?? "bottom",
    showMute: options.showMuteButton ?? true,
    endButton: options.endButtonStyle ?? "red",
    size: options.interfaceSize ?? "modal",
    showAvatar: options.showAgentAvatar ?? true,
    feedback: features.feedback ?? true,
    requireEmail: features.requireEmail ?? false,
    requireName: features.requireName ?? false,
    quality: features.qualityIndicator ?? true,
    recordingDownload: features.recordingDownload ?? false,
    transcriptDownload: features.transcriptDownload ?? true,
    customCss: advanced.customCss ?? "",
    language: advanced.language ?? "en",
  };
}

// Black or white, whichever can be read better on this colour (WCAG relative luminance).
export function foreground(colour: string): string {
  const channel = (at: number): number => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return luminance > 0.179 ? "#111827" : "#ffffff";
}
