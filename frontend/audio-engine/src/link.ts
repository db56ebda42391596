/**
 * The socket of one call: it connects, comes back by itself after a drop, and loses as little speech as it can.
 *
 * Invariants: at most one socket is current; the newest resume token is used from the second connection on; while no
 * connection is confirmed, at most two seconds of microphone audio wait and are sent first afterwards. Everything
 * from outside (sockets, time) is passed in.
 */

import { CloseCode, SUBPROTOCOL, parseServerMessage } from './protocol.ts';
import type { ClientMessage, ConnectedMessage, ServerMessage } from './protocol.ts';

/** The part of WebSocket that is used here. */
export interface SocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export interface LinkEnvironment {
  openSocket(url: string, protocols: string[]): SocketLike;
  /** Monotonic milliseconds. */
  now(): number;
  after(ms: number, run: () => void): number;
  cancel(timer: number): void;
}

export interface LinkListener {
  /** The server confirmed the connection. */
  connected(message: ConnectedMessage): void;
  message(message: ServerMessage): void;
  reconnecting(): void;
  /** No connection within 30 s, or the call could not be resumed. */
  lost(code: number): void;
  /** The server refused for good; `code` is a CloseCode. */
  refused(code: number): void;
  /** Closed in good order. */
  closed(): void;
}

export interface LinkMeasures {
  rttMs: number;
  backlogMs: number;
}

const OPEN = 1;
const CHUNK_MS = 20;
const RETRY_DELAYS_MS = [250, 500, 1000, 2000, 4000];
const GIVE_UP_MS = 30_000;
const ATTEMPT_MS = 5_000;
const PING_MS = 2_000;
const SILENT_LINK_MS = 7_000;
const WAITING_CHUNKS = 2_000 / CHUNK_MS;
/** 20 ms of audio as JSON: 960 bytes in base64, plus the envelope. */
const CHUNK_BYTES = 1_280 + 27;
const BACKLOG_LIMIT_BYTES = (1_000 / CHUNK_MS) * CHUNK_BYTES;

/** Codes after which trying again would be answered the same way. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  CloseCode.PolicyViolation,
  CloseCode.TooBig,
  CloseCode.OriginNotAllowed,
  CloseCode.Replaced,
  CloseCode.CallUnavailable,
  CloseCode.Flood,
]);

export class CallLink {
  private current: SocketLike | null = null;
  /** The socket of a process that is leaving; it may still speak until the new one is confirmed. */
  private retiring: SocketLike | null = null;
  private confirmed = false;
  private everConfirmed = false;
  private finished = false;
  private waiting: string[] = [];
  private recent: string[] = [];
  private attempt = 0;
  private downSince: number | null = null;
  private retryTimer: number | null = null;
  private attemptTimer: number | null = null;
  private pingTimer: number | null = null;
  private heardAt = 0;
  private rttMs = 0;
  private announced = false;

  constructor(
    private readonly url: string,
    private token: string,
    private readonly environment: LinkEnvironment,
    private readonly listener: LinkListener,
  ) {}

  connect(): void {
    this.downSince = this.environment.now();
    this.open();
  }

  /** Microphone audio as base64; false when it was dropped because the network does not take it. */
  sendAudio(data: string): boolean {
    if (this.finished) return false;
    const socket = this.confirmed ? this.current : null;
    if (socket === null || socket.readyState !== OPEN) {
      keepLast(this.waiting, data);
      return true;
    }
    if (socket.bufferedAmount > BACKLOG_LIMIT_BYTES) return false;
    socket.send(JSON.stringify({ type: 'audio', data } satisfies ClientMessage));
    keepLast(this.recent, data);
    return true;
  }

  /** Sends when connected; otherwise the message is stale by the time it could leave, and is forgotten. */
  send(message: ClientMessage): void {
    if (this.confirmed && this.current?.readyState === OPEN) this.current.send(JSON.stringify(message));
  }

  /** The caller hangs up; the server answers with `call_ended`. */
  end(): void {
    this.send({ type: 'end' });
  }

  /** Tries at once, for example when the network comes back. */
  retryNow(): void {
    if (this.retryTimer === null) return;
    this.clear('retryTimer');
    this.open();
  }

  /** No further events after this. */
  close(): void {
    this.finish();
    this.current?.close(CloseCode.Normal);
  }

  measures(): LinkMeasures {
    const bytes = this.current?.bufferedAmount ?? 0;
    return { rttMs: this.rttMs, backlogMs: (bytes / CHUNK_BYTES) * CHUNK_MS };
  }

  private open(): void {
    this.confirmed = false;
    const socket = this.environment.openSocket(this.url, [SUBPROTOCOL, `token.${this.token}`]);
    this.current = socket;
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = (event) => this.socketClosed(socket, event.code);
    this.attemptTimer = this.environment.after(ATTEMPT_MS, () => this.abandon(socket));
  }

  /** Gives up a socket that does not answer, without waiting for its close handshake. */
  private abandon(socket: SocketLike): void {
    if (socket !== this.current) return;
    detach(socket);
    socket.close();
    this.socketClosed(socket, 1006);
  }

  private receive(socket: SocketLike, data: unknown): void {
    if (this.finished || (socket !== this.current && socket !== this.retiring)) return;
    const message = parseServerMessage(data);
    if (message === null) return;
    this.heardAt = this.environment.now();
    switch (message.type) {
      case 'connected':
        if (socket === this.current) this.confirm(message);
        return;
      case 'pong':
        this.rttMs = Math.max(0, this.environment.now() - message.t);
        return;
      case 'reconnect':
        if (socket === this.current) this.moveOver(socket);
        return;
      default:
        this.listener.message(message);
    }
  }

  private confirm(message: ConnectedMessage): void {
    this.clear('attemptTimer');
    this.token = message.resumeToken;
    this.confirmed = true;
    this.everConfirmed = true;
    this.attempt = 0;
    this.announced = false;
    this.downSince = null;
    this.retire();
    this.listener.connected(message);
    const waiting = this.waiting;
    this.waiting = [];
    for (const data of waiting) this.sendAudio(data);
    this.ping();
  }

  private retire(): void {
    const old = this.retiring;
    if (old === null) return;
    this.retiring = null;
    detach(old);
    old.close();
  }

  private moveOver(socket: SocketLike): void {
    this.clear('pingTimer');
    this.retiring = socket;
    this.recent = [];
    this.downSince = this.environment.now();
    this.open();
  }

  private ping(): void {
    this.clear('pingTimer');
    const now = this.environment.now();
    if (now - this.heardAt > SILENT_LINK_MS && this.current !== null) {
      this.abandon(this.current);
      return;
    }
    this.send({ type: 'ping', t: now });
    this.pingTimer = this.environment.after(PING_MS, () => this.ping());
  }

  private socketClosed(socket: SocketLike, code: number): void {
    if (this.finished) return;
    if (socket === this.retiring) {
      this.retiring = null;
      return;
    }
    if (socket !== this.current) return;
    this.clear('attemptTimer');
    this.clear('pingTimer');
    if (this.confirmed) this.keepUnsent(socket);
    this.confirmed = false;
    this.current = null;
    if (code === CloseCode.Normal || code === CloseCode.CallOver) this.stop(() => this.listener.closed());
    else if (FINAL_CODES.has(code)) this.stop(() => this.listener.refused(code));
    else if (code === CloseCode.Unauthorized && this.everConfirmed) this.stop(() => this.listener.lost(code));
    else if (code === CloseCode.Unauthorized) this.stop(() => this.listener.refused(code));
    else if (code === CloseCode.Full && !this.everConfirmed) this.stop(() => this.listener.refused(code));
    else this.scheduleRetry(code);
  }

  /** What the browser had not yet handed to the network counts as unsent. */
  private keepUnsent(socket: SocketLike): void {
    const unsent = Math.min(this.recent.length, Math.ceil(socket.bufferedAmount / CHUNK_BYTES));
    if (unsent > 0) this.waiting = [...this.recent.slice(-unsent), ...this.waiting].slice(-WAITING_CHUNKS);
    this.recent = [];
  }

  private scheduleRetry(code: number): void {
    const now = this.environment.now();
    this.downSince ??= now;
    if (this.everConfirmed && !this.announced) {
      this.announced = true;
      this.listener.reconnecting();
    }
    const delay = RETRY_DELAYS_MS[Math.min(this.attempt, RETRY_DELAYS_MS.length - 1)] ?? GIVE_UP_MS;
    if (now + delay - this.downSince > GIVE_UP_MS) {
      this.stop(() => this.listener.lost(code));
      return;
    }
    this.attempt += 1;
    this.retryTimer = this.environment.after(delay, () => {
      this.retryTimer = null;
      this.open();
    });
  }

  private stop(tell: () => void): void {
    this.finish();
    tell();
  }

  private finish(): void {
    this.finished = true;
    this.clear('retryTimer');
    this.clear('attemptTimer');
    this.clear('pingTimer');
    this.retire();
    this.waiting = [];
    this.recent = [];
  }

  private clear(timer: 'retryTimer' | 'attemptTimer' | 'pingTimer'): void {
    const id = this[timer];
    if (id !== null) this.environment.cancel(id);
    this[timer] = null;
  }
}

function keepLast(list: string[], item: string): void {
  list.push(item);
  if (list.length > WAITING_CHUNKS) list.shift();
}

function detach(socket: SocketLike): void {
  socket.onopen = null;
  socket.onmessage = null;
  socket.onclose = null;
}
