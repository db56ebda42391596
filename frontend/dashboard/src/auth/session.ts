/**
 * Who is signed in, in this tab. Tokens live as long as the tab does and are renewed shortly before they expire.
 *
 * `token()` is the only way to one; when it cannot be renewed the session ends and listeners are told.
 */

import { renew } from './cognito.ts';
import type { Tokens } from './cognito.ts';

const PLACE = 'call-dashboard-session';
const EARLY_MS = 60_000;

interface Clock {
  now(): number;
}

export class Session {
  private tokens: Tokens | null;
  private renewing: Promise<Tokens> | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly store: Storage,
    private readonly clock: Clock = Date,
    private readonly renewed: (refreshToken: string) => Promise<Tokens> = renew,
  ) {
    this.tokens = read(store);
  }

  get signedIn(): boolean {
    return this.tokens !== null;
  }

  get accessToken(): string | null {
    return this.tokens?.accessToken ?? null;
  }

  begin(tokens: Tokens): void {
    this.tokens = tokens;
    this.store.setItem(PLACE, JSON.stringify(tokens));
  }

  end(): void {
    this.tokens = null;
    this.store.removeItem(PLACE);
    for (const listener of this.listeners) listener();
  }

  /** Called when the session ends. */
  onEnd(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** A token that is good for a minute at least, or null when nobody is signed in any more. */
  async token(): Promise<string | null> {
    const { tokens } = this;
    if (tokens === null) return null;
    if (tokens.expiresAt - this.clock.now() > EARLY_MS) return tokens.idToken;
    try {
      this.renewing ??= this.renewed(tokens.refreshToken).finally(() => (this.renewing = null));
      this.begin(await this.renewing);
      return this.tokens?.idToken ?? null;
    } catch {
      this.end();
      return null;
    }
  }
}

function read(store: Storage): Tokens | null {
  try {
    const kept = JSON.parse(store.getItem(PLACE) ?? 'null') as Tokens | null;
    return typeof kept?.idToken === 'string' ? kept : null;
  } catch {
    return null;
  }
}

export const session = new Session(globalThis.sessionStorage);

/** Only addresses of this site are returned to after signing in. */
export function safeReturn(wanted: string | undefined): string {
  if (wanted === undefined || !wanted.startsWith('/') || wanted.startsWith('//') || wanted.includes('\\')) return '/dashboard';
  return /^\/(login|logout)\b/.test(wanted) ? '/dashboard' : wanted;
}
