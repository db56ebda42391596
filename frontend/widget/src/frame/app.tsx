import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import type { Texts } from "../locales/en";
import { fill } from "../locales/index";
import { Call } from "./call";
import type { WidgetConfig } from "./config";
import { Ended } from "./ended";
import { EndIcon, MicIcon, CloseIcon, QualityIcon } from "./icons";
import { Problem } from "./problem";
import { clock, initial, reduce, speaker } from "./state";
import { Form } from "./form";
import { Transcript } from "./transcript";
import { Picture } from "./picture";

interface Props {
  api: string;
  config: WidgetConfig;
  t: Texts;
  onClose: () => void;
  onDebug?: (call: Call) => void;
}

export function App({ api, config, t, onClose, onDebug }: Props) {
  const [state, tell] = useReducer(reduce, initial);
  const [attempt, setAttempt] = useState(0);
  const call = useMemo(() => new Call(api, config, tell), [api, config, attempt]);
  const dialog = useRef<HTMLDivElement>(null);
  const needsForm = config.requireName || config.requireEmail;
  const customer = useRef<{ name?: string; email?: string }>({});
  const begin = (given: { name?: string; email?: string } = customer.current): void => {
    customer.current = given;
    void call.start(given);
  };

  useEffect(() => {
    onDebug?.(call);
    if (!needsForm || attempt > 0) begin();
    return () => call.close();
  }, [call]);
  useEffect(() => dialog.current?.focus(), []);

  const live = state.phase === "live" || state.phase === "reconnecting";
  const leave = (): void => {
    if (live) tell({ type: "asking", on: true });
    else onClose();
  };
  const again = (): void => {
    call.close();
    setAttempt(attempt + 1);
  };

  return (
    <div
      ref={dialog}
      class={`dialog ${config.size} transcript-${config.transcriptStyle}`}
      role="dialog"
      aria-modal="true"
      aria-label={fill(t.dialog, { name: config.agentName })}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === "Escape") leave();
        if (event.key === "Tab") keepFocus(event, dialog.current);
      }}
    >
      <header>
        {config.logoUrl && <img class="logo" src={config.logoUrl} alt={config.companyName} />}
        {config.showAvatar && <span class="avatar" aria-hidden="true">{config.agentName.slice(0, 1)}</span>}
        <div class="who">
          <strong>{config.agentName}</strong>
          <span class="status" role="status">{statusText(state.phase, state, t)}</span>
        </div>
        {config.quality && live && <QualityIcon level={state.quality} label={`${t.quality}: ${t[state.quality]}`} />}
        <button type="button" class="plain" aria-label={t.close} title={t.close} onClick={leave}><CloseIcon /></button>
      </header>
      <Body state={state} tell={tell} call={call} config={config} t={t} begin={begin} again={again} onClose={onClose} needsForm={needsForm} />
      <p class="announce" aria-live="polite">{announcement(state.phase, state.agentSpeaks, t)}</p>
    </div>
  );
}

type BodyProps = Omit<Props, "api" | "onDebug"> & {
  state: ReturnType<typeof reduce>;
  tell: (action: Parameters<typeof reduce>[1]) => void;
  call: Call;
  begin: (customer: { name?: string; email?: string }) => void;
  again: () => void;
  needsForm: boolean;
};

function Body({ state, tell, call, config, t, begin, again, onClose, needsForm }: BodyProps) {
  if (state.phase === "form") return needsForm ? <Form config={config} t={t} onStart={begin} /> : <main />;
  if (state.phase === "permission") return <main class="middle"><p>{t.allow}</p>{config.recordingEnabled && <p class="quiet">{t.recorded}</p>}</main>;
  if (state.phase === "failed") return <Problem problem={state.problem ?? "server"} t={t} onRetry={again} />;
  if (state.phase === "ended") return <Ended state={state} tell={tell} call={call} config={config} t={t} onClose={onClose} />;
  if (state.phase === "lost")
    return (
      <main class="middle">
        <h2>{t.lost}</h2>
        <button type="button" class="primary" onClick={() => call.retry()}>{t.retry}</button>
      </main>
    );
  return (
    <>
      <main class="live">
        <Picture style={config.visualizer} call={call} speaker={speaker(state)} />
        <p class="speaking">{state.muted ? t.muted : state.agentSpeaks ? `◖ ${t.agentSpeaking}` : state.callerSpeaks ? `◗ ${t.userSpeaking}` : "\u00a0"}</p>
        {config.showTranscript && <Transcript lines={state.lines} t={t} agentName={config.agentName} />}
      </main>
      {state.asking && (
        <div class="ask" role="alertdialog" aria-label={t.leave}>
          <p>{t.leave}</p>
          <button type="button" class="danger" onClick={() => call.end()}>{t.endCall}</button>
          <button type="button" class="secondary" onClick={() => tell({ type: "asking", on: false })}>{t.stay}</button>
        </div>
      )}
      <footer>
        {config.showDuration && <Duration since={state.connectedAt} />}
        {config.showMute && (
          <button type="button" class={state.muted ? "round muted" : "round"} aria-pressed={state.muted} aria-label={state.muted ? t.unmute : t.mute} title={state.muted ? t.unmute : t.mute} onClick={() => call.mute(!state.muted)}>
            <MicIcon off={state.muted} />
          </button>
        )}
        <button type="button" class={`end ${config.endButton}`} aria-label={t.endCall} title={t.endCall} onClick={() => call.end()}>
          {config.endButton !== "text" && <EndIcon />}
          {config.endButton !== "icon" && <span>{t.endCall}</span>}
        </button>
      </footer>
    </>
  );
}

function Duration({ since }: { since: number | null }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return <span class="duration" role="timer">{clock(since === null ? 0 : (now - since) / 1000)}</span>;
}

function statusText(phase: string, state: { status: string }, t: Texts): string {
  if (phase === "connecting") return t.connecting;
  if (phase === "reconnecting") return t.reconnecting;
  if (phase === "ended") return t.ended;
  if (phase === "lost") return t.lost;
  if (phase !== "live") return "";
  const texts: Record<string, string> = {
    listening: t.listening,
    tool_running: t.checking,
    silence_warning: t.stillThere,
    duration_warning: t.minuteLeft,
    provider_reconnecting: t.reconnecting,
    ending: t.ending,
  };
  return texts[state.status] ?? t.connected;
}

function announcement(phase: string, agentSpeaks: boolean, t: Texts): string {
  if (phase !== "live") return "";
  return agentSpeaks ? t.announceAgent : t.announceConnected;
}

function keepFocus(event: KeyboardEvent, dialog: HTMLElement | null): void {
  const all = dialog?.querySelectorAll<HTMLElement>("button:not([disabled]), input, textarea, a[href], [tabindex='0']");
  if (!all?.length) return;
  const first = all[0]!;
  const last = all[all.length - 1]!;
  const active = document.activeElement;
  if (event.shiftKey && (active === first || active === dialog)) {
    last.focus();
    event.preventDefault();
  } else if (!event.shiftKey && active === last) {
    first.focus();
    event.preventDefault();
  }
}
