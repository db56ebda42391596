// The call interface's document: reads who it is for, loads the configuration, shows the call.
import { render } from "preact";
import { texts } from "../locales/index";
import { App } from "./app";
import { foreground, readConfig } from "./config";
import css from "./style.css?inline";

const CHANNEL = "voice-call-widget/1";

async function main(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const host = query.get("host") ?? "";
  const post = (type: string): void => {
    if (host && parent !== window) parent.postMessage({ channel: CHANNEL, type }, host);
  };
  const answer = await fetch(`/api/widget/config/${encodeURIComponent(query.get("chatbot") ?? "")}`);
  const config = readConfig(await answer.json());
  const t = await texts(config.language);
  document.documentElement.lang = config.language;
  document.documentElement.dataset.theme = config.theme;
  document.documentElement.style.setProperty("--primary", config.primaryColor);
  document.documentElement.style.setProperty("--on-primary", foreground(config.primaryColor));
  document.documentElement.style.setProperty("--radius", `${config.borderRadius}px`);
  const sheets = [css, config.customCss].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  document.adoptedStyleSheets = sheets;
  const debug = query.get("debug") === "1";
  render(
    <App
      api=""
      config={config}
      t={t}
      onClose={() => post("close")}
      {...(debug && { onDebug: (call) => Object.assign(window, { __call: call }) })}
    />,
    document.getElementById("app")!,
  );
}

void main();
