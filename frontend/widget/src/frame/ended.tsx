import { useState } from "preact/hooks";
import type { Texts } from "../locales/en";
import { fill } from "../locales/index";
import type { Call } from "./call";
import type { WidgetConfig } from "./config";
import { clock, type Action, type State } from "./state";

interface Props {
  state: State;
  tell: (action: Action) => void;
  call: Call;
  config: WidgetConfig;
  t: Texts;
  onClose: () => void;
}

export function Ended({ state, tell, call, config, t, onClose }: Props) {
  const [notice, setNotice] = useState("");
  const connected = state.connectedAt !== null;
  const transcript = async (): Promise<void> => {
    try {
      const { name, text } = await call.transcript();
      save(name, URL.createObjectURL(new Blob([text], { type: "text/plain" })));
      setNotice("");
    } catch {
      setNotice(t.notReady);
    }
  };
  const recording = async (): Promise<void> => {
    setNotice(t.preparing);
    try {
      for (let tries = 0; tries < 15; tries++) {
        const url = await call.recording();
        if (url) {
          save(`recording-${call.callId}.wav`, url);
          setNotice("");
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
      setNotice(t.notReady);
    } catch {
      setNotice(t.notReady);
    }
  };
  return (
    <main class="middle ended">
      <h2>{t.ended}</h2>
      {state.reason === "provider_unavailable" && <p role="alert">{t.providerDown}</p>}
      <p>{fill(t.total, { time: clock(state.duration) })}</p>
      <p class="quiet">{config.endCallMessage}</p>
      {config.feedback && connected && <Feedback state={state} tell={tell} call={call} t={t} />}
      <div class="actions">
        {config.transcriptDownload && connected && <button type="button" class="secondary" onClick={() => void transcript()}>{t.download}</button>}
        {config.recordingDownload && config.recordingEnabled && connected && <button type="button" class="secondary" onClick={() => void recording()}>{t.downloadRecording}</button>}
        <button type="button" class="primary" onClick={onClose}>{t.close}</button>
      </div>
      <p class="quiet" role="status">{notice}</p>
    </main>
  );
}

function Feedback({ state, tell, call, t }: Pick<Props, "state" | "tell" | "call" | "t">) {
  const [comment, setComment] = useState("");
  if (state.feedback === "sent") return <p role="status">{t.thanks}</p>;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    tell({ type: "feedback", state: "sending" });
    try {
      await call.giveFeedback(state.stars, comment.trim());
      tell({ type: "feedback", state: "sent" });
    } catch {
      tell({ type: "feedback", state: "failed" });
    }
  };
  return (
    <form class="feedback" onSubmit={(event) => void submit(event)}>
      <fieldset>
        <legend>{t.question}</legend>
        <div class="stars">
          {[1, 2, 3, 4, 5].map((n) => (
            <label key={n} class={n <= state.stars ? "star on" : "star"}>
              <input type="radio" name="stars" value={n} checked={state.stars === n} aria-label={fill(t.star, { n })} onChange={() => tell({ type: "stars", stars: n })} />
              <span aria-hidden="true">★</span>
            </label>
          ))}
        </div>
      </fieldset>
      <textarea rows={2} maxLength={2000} aria-label={t.comment} placeholder={t.comment} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
      {state.feedback === "failed" && <p class="error" role="alert">{t.notSent}</p>}
      <button type="submit" class="primary" disabled={state.stars === 0 || state.feedback === "sending"}>{t.submit}</button>
    </form>
  );
}

function save(name: string, url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
