// The state of the call interface as one pure reducer: everything that is shown follows from it.

export type Phase = "form" | "permission" | "connecting" | "live" | "reconnecting" | "lost" | "ended" | "failed";
export type Speaker = "caller" | "agent" | "idle";
export type Quality = "good" | "fair" | "poor";

export interface Line {
  id: string;
  role: "user" | "assistant" | "human";
  text: string;
  final: boolean;
  startMs: number;
}

export interface State {
  phase: Phase;
  problem: string | null;
  callerSpeaks: boolean;
  agentSpeaks: boolean;
  status: string;
  muted: boolean;
  quality: Quality;
  lines: Line[];
  connectedAt: number | null;
  duration: number;
  reason: string;
  stars: number;
  feedback: "open" | "sending" | "sent" | "failed";
  asking: boolean;
}

export type Action =
  | { type: "permission" }
  | { type: "connecting" }
  | { type: "connected"; at: number }
  | { type: "reconnecting" }
  | { type: "lost" }
  | { type: "failed"; problem: string }
  | { type: "ended"; duration: number; reason: string }
  | { type: "caller_speaks"; on: boolean }
  | { type: "agent_speaks"; on: boolean }
  | { type: "status"; status: string }
  | { type: "quality"; level: Quality }
  | { type: "line"; line: Line }
  | { type: "muted"; on: boolean }
  | { type: "stars"; stars: number }
  | { type: "feedback"; state: State["feedback"] }
  | { type: "asking"; on: boolean };

export const initial: State = {
  phase: "form",
  problem: null,
  callerSpeaks: false,
  agentSpeaks: false,
  status: "",
  muted: false,
  quality: "good",
  lines: [],
  connectedAt: null,
  duration: 0,
  reason: "",
  stars: 0,
  feedback: "open",
  asking: false,
};

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "permission":
      return { ...initial, phase: "permission" };
    case "connecting":
      return { ...state, phase: "connecting", problem: null };
    case "connected":
      return { ...state, phase: "live", problem: null, connectedAt: state.connectedAt ?? action.at };
    case "reconnecting":
      return over(state) ? state : { ...state, phase: "reconnecting", agentSpeaks: false, callerSpeaks: false };
    case "lost":
      return over(state) ? state : { ...state, phase: "lost" };
    case "failed":
      return state.phase === "ended" ? state : { ...state, phase: "failed", problem: action.problem, asking: false };
    case "ended":
      return { ...state, phase: "ended", duration: action.duration, reason: action.reason, agentSpeaks: false, callerSpeaks: false, asking: false };
    case "caller_speaks":
      return { ...state, callerSpeaks: action.on };
    case "agent_speaks":
      return { ...state, agentSpeaks: action.on };
    case "status":
      return { ...state, status: action.status };
    case "quality":
      return { ...state, quality: action.level };
    case "line":
      return { ...state, lines: withLine(state.lines, action.line) };
    case "muted":
      return { ...state, muted: action.on };
    case "stars":
      return { ...state, stars: action.stars };
    case "feedback":
      return { ...state, feedback: action.state };
    case "asking":
      return { ...state, asking: action.on };
  }
}

export function speaker(state: State): Speaker {
  if (state.agentSpeaks) return "agent";
  return state.callerSpeaks ? "caller" : "idle";
}

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

function over(state: State): boolean {
  return state.phase === "ended" || state.phase === "failed";
}

function withLine(lines: Line[], line: Line): Line[] {
  const rest = lines.filter((known) => known.id !== line.id);
  if (line.text) rest.push(line);
  return rest.sort((a, b) => a.startMs - b.startMs || a.id.localeCompare(b.id));
}
