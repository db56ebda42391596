// One call: session, socket, sound. Tells what happens as actions of the reducer; survives lost connections.

import { decode, encode } from "../../../audio-engine/src/base64";
import { Engine, MicrophoneError } from "../../../audio-engine/src/engine";
import type { WidgetConfig } from "./config";
import type { Action } from "./state";

interface Session {
  callId: string;
  websocketUrl: string;
  token: string;
  readToken: string;
}

export interface Debug {
  openedAt: number;
  firstPlayedAt: number;
  stopAt: number;
  flushedAt: number;
  played: number;
}

const CHUNK_SECONDS = 0.02;
const KEEP_CHUNKS = 2 / CHUNK_SECONDS;
const BACKLOG_BYTES = 66_000;
const RETRY_MS = [0, 250, 500, 1000, 2000, 4000, 8000, 8000];
const FINAL_CODES = new Set([1000, 1008, 4401, 4403, 4410, 4422, 4429]);

export class Call {
  engine: Engine | null = null;
  readonly debug: Debug = { openedAt: 0, firstPlayedAt: 0, stopAt: 0, flushedAt: 0, played: 0 };
  private session: Session | null = null;
  private socket: WebSocket | null = null;
  private token = "";
  private ready = false;
  private over = false;
  private attempt = 0;
  private unsent: ArrayBuffer[] = [];
  private timer = 0;
  private retryTimer = 0;
  private rtt = 0;
  private refusal = "";

  constructor(
    private readonly api: string,
    private readonly config: WidgetConfig,
    private readonly tell: (action: Action) => void,
  ) {}

  get callId(): string {
    return this.session?.callId ?? "";
  }

  async start(customer: { name?: string; email?: string }): Promise<void> {
    this.tell({ type: "permission" });
    try {
      this.engine = await Engine.open({
        worklets: "./worklets/",
        echoCancellation: this.config.echoCancellation,
        noiseSuppression: this.config.noiseSuppression,
        onChunk: (pcm) => this.microphone(pcm),
        onPlayed: (samples) => this.played(samples),
        onFlushed: (samples) => {
          this.debug.flushedAt = performance.now();
          this.send({ type: "stopped", samples });
        },
        onMicrophoneLost: () => this.fail("microphone_lost"),
      });
    } catch (error) {
      this.fail(error instanceof MicrophoneError ? `microphone_${error.problem}` : "server");
      return;
    }
    this.tell({ type: "connecting" });
    try {
      this.session = await this.openSession(customer);
    } catch (error) {
      this.fail(error instanceof Refusal ? error.message : "server");
      return;
    }
    this.token = this.session.token;
    this.connect();
  }

  mute(on: boolean): void {
    this.engine?.mute(on);
    this.send({ type: "mute", on });
    this.tell({ type: "muted", on });
  }

  end(): void {
    if (this.ready) this.send({ type: "end" });
    else this.finish(0, "user_ended");
  }

  retry(): void {
    this.attempt = 0;
    this.tell({ type: "reconnecting" });
    this.connect();
  }

  async giveFeedback(stars: number, comment: string): Promise<void> {
    const answer = await this.authorised("feedback", { method: "POST", body: JSON.stringify({ stars, comment: comment || null }) });
    if (!answer.ok) throw new Error("feedback");
  }

  async transcript(): Promise<{ name: string; text: string }> {
    const answer = await this.authorised("transcript?format=txt");
    if (!answer.ok) throw new Error("transcript");
    const date = new Date().toISOString().slice(0, 10);
    return { name: `transcript-${this.callId}-${date}.txt`, text: await answer.text() };
  }

  async recording(): Promise<string | null> {
    const answer = await this.authorised("recording");
    if (answer.status === 202) return null;
    if (!answer.ok) throw new Error("recording");
    return (await answer.json()).url;
  }

  close(): void {
    this.over = true;
    clearInterval(this.timer);
    clearTimeout(this.retryTimer);
    this.socket?.close(1000);
    void this.engine?.close();
  }

  // Private

  private async openSession(customer: { name?: string; email?: string }): Promise<Session> {
    const answer = await fetch(`${this.api}/api/widget/call/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ chatbotId: this.config.chatbotId, companyId: this.config.companyId, customer }),
    });
    const body = await answer.json().catch(() => null);
    if (!answer.ok) throw new Refusal(body?.error?.message ?? "server");
    return body;
  }

  private connect(): void {
    if (!this.session || this.over) return;
    const socket = new WebSocket(this.session.websocketUrl, ["call.v1", `token.${this.token}`]);
    this.socket = socket;
    this.debug.openedAt = performance.now();
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (socket === this.socket) this.dropped(event.code);
    };
  }

  private receive(message: Record<string, any>): void {
    switch (message.type) {
      case "audio":
        this.engine?.play(decode(message.data));
        break;
      case "connected":
        this.connected(message.resumeToken);
        break;
      case "transcript":
        this.tell({ type: "line", line: message.data });
        break;
      case "agent_speaking":
        this.tell({ type: "agent_speaks", on: message.on });
        break;
      case "user_speaking":
        this.tell({ type: "caller_speaks", on: message.on });
        break;
      case "stop_audio":
        this.debug.stopAt = performance.now();
        this.engine?.flush();
        break;
      case "status":
        this.tell({ type: "status", status: message.state });
        break;
      case "quality":
        this.tell({ type: "quality", level: message.level });
        break;
      case "pong":
        this.rtt = performance.now() - message.t;
        break;
      case "reconnect":
        this.switchOver();
        break;
      case "call_ended":
        this.finish(message.data.duration, message.data.reason);
        break;
      case "error":
        this.refusal = message.message;
        break;
    }
  }

  private connected(resumeToken: string): void {
    this.token = resumeToken;
    this.ready = true;
    this.attempt = 0;
    this.engine?.reset();
    this.debug.played = 0;
    for (const pcm of this.unsent) this.sendAudio(pcm);
    this.unsent = [];
    if (this.engine?.isMuted) this.send({ type: "mute", on: true });
    clearInterval(this.timer);
    this.timer = window.setInterval(() => this.measure(), 2000);
    this.tell({ type: "connected", at: Date.now() });
  }

  private measure(): void {
    this.send({ type: "ping", t: performance.now() });
    const backlogMs = ((this.socket?.bufferedAmount ?? 0) / BACKLOG_BYTES) * 1000;
    if (this.rtt > 0) this.send({ type: "quality", rttMs: Math.min(60_000, this.rtt), underruns: 0, backlogMs });
  }

  // The old socket stays until the new one is there, so that nothing said meanwhile is lost.
  private switchOver(): void {
    const old = this.socket;
    this.ready = false;
    this.connect();
    window.setTimeout(() => old?.close(1000), 5000);
  }

  private dropped(code: number): void {
    this.ready = false;
    clearInterval(this.timer);
    if (this.over) return;
    if (FINAL_CODES.has(code)) {
      this.fail(this.refusal || "server");
      return;
    }
    this.engine?.flush();
    const wait = RETRY_MS[this.attempt];
    if (wait === undefined) {
      this.tell({ type: "lost" });
      return;
    }
    this.attempt += 1;
    this.tell({ type: "reconnecting" });
    this.retryTimer = window.setTimeout(() => this.connect(), wait);
  }

  private microphone(pcm: ArrayBuffer): void {
    if (this.ready) {
      this.sendAudio(pcm);
    } else if (!this.over) {
      this.unsent.push(pcm);
      if (this.unsent.length > KEEP_CHUNKS) this.unsent.shift();
    }
  }

  private sendAudio(pcm: ArrayBuffer): void {
    const socket = this.socket;
    if (socket?.readyState === WebSocket.OPEN && socket.bufferedAmount < BACKLOG_BYTES)
      socket.send(`{"type":"audio","data":"${encode(pcm)}"}`);
  }

  private played(samples: number): void {
    if (this.debug.firstPlayedAt === 0) this.debug.firstPlayedAt = performance.now();
    this.debug.played = samples;
    this.send({ type: "played", samples });
  }

  private send(message: object): void {
    if (this.ready && this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private finish(duration: number, reason: string): void {
    if (this.over) return;
    this.tell({ type: "ended", duration, reason });
    this.close();
  }

  private fail(problem: string): void {
    if (this.over) return;
    this.tell({ type: "failed", problem });
    this.close();
  }

  private authorised(what: string, more: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.session?.readToken ?? ""}`, "content-type": "application/json" };
    return fetch(`${this.api}/api/widget/call/${this.callId}/${what}`, { ...more, headers });
  }
}

class Refusal extends Error {}
