// widget.js: shows the launcher on a company's page and opens the call interface in a frame of our own origin.
import { foreground, readConfig, type Language, type WidgetConfig } from "./frame/config";

const CHANNEL = "voice-call-widget/1";
const CALL: Record<Language, string> = { en: "Call us!", es: "Llámanos!", fr: "Appelez-nous !", de: "Rufen Sie uns an!" };
const SIZES: Record<string, number> = { small: 48, medium: 56, large: 64 };
const PHONE =
  '<svg viewBox="0 0 24 24" width="26" height="26" fill="currentColor" aria-hidden="true"><path d="M6.600 10.800a15 15 0 0 0 6.600 6.600l2.200-2.200c.3-.3.7-.4 1-.2 1.100.4 2.300.6 3.600.6.600 0 1 .4 1 1V20c0 .6-.4 1-1 1A17 17 0 0 1 3 4c0-.6.4-1 1-1h3.500c.6 0 1 .4 1 1 0 1.300.2 2.500.6 3.600.1.300 0 .7-.2 1l-2.300 2.200z"/></svg>';

interface Look {
  text: string | null;
  size: number;
  radius: number;
  colour: string;
  position: string;
  x: number;
  y: number;
}

function lookOf(json: any, config: WidgetConfig): Look {
  const a = json.widget?.appearance ?? {};
  const text = a.callLauncherText ?? CALL.en;
  return {
    text: (a.showCallLauncherText ?? true) ? (text === CALL.en ? CALL[config.language] : text) : null,
    size: SIZES[a.buttonSize] ?? 56,
    radius: a.launcherBorderRadiusPercent ?? 50,
    colour: a.callButtonColor ?? "#10B981",
    position: a.position ?? "bottom-right",
    x: a.horizontalOffset ?? 20,
    y: a.verticalOffset ?? 20,
  };
}

function css(look: Look): string {
  const [vertical, horizontal] = look.position.split("-");
  return `:host{all:initial}
.box{position:fixed;${vertical}:${look.y}px;${horizontal}:${look.x}px;z-index:2147483000;display:flex;align-items:center;gap:10px;flex-direction:${horizontal === "left" ? "row-reverse" : "row"};font:16px system-ui,sans-serif}
.text{background:#fff;color:#111827;padding:8px 12px;border-radius:12px;box-shadow:0 4px 14px rgb(0 0 0/.18)}
button{width:${look.size}px;height:${look.size}px;border:0;border-radius:${look.radius}%;background:${look.colour};color:${foreground(look.colour)};display:grid;place-items:center;cursor:pointer;box-shadow:0 6px 20px rgb(0 0 0/.25);animation:pulse 3s ease-in-out infinite}
button:hover{filter:brightness(1.06)}button:active{transform:scale(.96)}
button:focus-visible{outline:3px solid #1d4ed8;outline-offset:3px}
iframe{position:fixed;inset:0;width:100vw;height:100vh;border:0;z-index:2147483001;background:transparent;color-scheme:normal}
@keyframes pulse{50%{transform:scale(1.05)}}
@media (prefers-reduced-motion:reduce){button{animation:none}}
[hidden]{display:none!important}`;
}

async function start(script: HTMLScriptElement): Promise<void> {
  const chatbot = script.dataset.chatbotId ?? "";
  const base = new URL(script.src).origin;
  if (document.querySelector(`[data-voice-call="${CSS.escape(chatbot)}"]`)) return;
  const answer = await fetch(`${base}/api/widget/config/${encodeURIComponent(chatbot)}`);
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    console.warn(`Voice call widget: ${json?.error?.message ?? "not available here"}`);
    return;
  }
  const config = readConfig(json);
  if (!config.enabledCall || typeof AudioWorkletNode === "undefined") return;
  show(script, base, chatbot, lookOf(json, config));
}

function show(script: HTMLScriptElement, base: string, chatbot: string, look: Look): void {
  const host = document.createElement("div");
  host.dataset.voiceCall = chatbot;
  const root = host.attachShadow({ mode: script.dataset.debug === "1" ? "open" : "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css(look));
  root.adoptedStyleSheets = [sheet];
  const box = document.createElement("div");
  box.className = "box";
  const button = document.createElement("button");
  button.type = "button";
  button.innerHTML = PHONE;
  button.setAttribute("aria-label", look.text ?? CALL.en);
  if (look.text) {
    const text = document.createElement("span");
    text.className = "text";
    text.textContent = look.text;
    text.setAttribute("aria-hidden", "true");
    box.append(text);
  }
  box.append(button);
  root.append(box);
  document.body.append(host);
  let frame: HTMLIFrameElement | null = null;
  const close = (): void => {
    frame?.remove();
    frame = null;
    box.hidden = false;
    button.focus();
  };
  const open = (): void => {
    if (frame) return;
    const query = new URLSearchParams({ chatbot, host: location.origin, ...(script.dataset.debug === "1" && { debug: "1" }) });
    frame = document.createElement("iframe");
    frame.allow = "microphone; autoplay; clipboard-write; fullscreen";
    frame.title = look.text ?? CALL.en;
    frame.src = `${base}/widget/frame/index.html?${query}`;
    root.append(frame);
    box.hidden = true;
    frame.focus();
  };
  button.addEventListener("click", open);
  window.addEventListener("message", (event) => {
    const ours = frame && event.source === frame.contentWindow && event.origin === base;
    if (ours && event.data?.channel === CHANNEL && event.data.type === "close") close();
  });
  Object.assign(window, { VoiceCall: { open, close } });
}

const script = document.currentScript as HTMLScriptElement | null;
if (script) {
  const begin = (): void => void start(script).catch((error) => console.warn("Voice call widget:", error));
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
}
