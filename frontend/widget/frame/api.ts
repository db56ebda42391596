/** The public HTTP interface, as the frame uses it. Every failure becomes an ApiError with the server's code. */

import { readWidgetConfig } from '../config.ts';
import type { WidgetConfig } from '../config.ts';
import type { HandedSession } from '../envelope.ts';
import type { Host } from './host.ts';
import { visitorId } from './visitor.ts';

export class ApiError extends Error {
  /** `status` is 0 when no answer came. */
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`request failed: ${status} ${code}`);
  }
}

export interface Customer {
  name?: string;
  email?: string;
}

export type Session = HandedSession;

export interface CallRef {
  callId: string;
  readToken: string;
}

export interface Rating {
  /** 1..5 */
  stars: number;
  comment: string;
}

async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'omit', ...init });
  } catch {
    throw new ApiError(0, 'network');
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  throw new ApiError(response.status, (body as { error?: { code?: string } } | null)?.error?.code ?? '');
}

const bearer = (call: CallRef): Record<string, string> => ({ Authorization: `Bearer ${call.readToken}` });
const callPath = (call: CallRef): string => `/api/widget/call/${encodeURIComponent(call.callId)}`;

function postJson(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

export async function fetchConfig(chatbotId: string): Promise<WidgetConfig> {
  const response = await request(`/api/widget/config/${encodeURIComponent(chatbotId)}`);
  return readWidgetConfig(await response.json());
}

export async function createSession(chatbotId: string, companyId: string, customer: Customer): Promise<Session> {
  const visitor = visitorId(
    () => localStorage,
    () => crypto.randomUUID(),
  );
  const body = {
    chatbotId,
    companyId,
    ...(visitor === undefined ? {} : { visitorId: visitor }),
    ...(customer.name || customer.email ? { customer } : {}),
  };
  const response = await request('/api/widget/call/session', postJson(body));
  const session = (await response.json()) as Session;
  if (!session.websocketUrl || !session.token) throw new ApiError(response.status, 'incomplete');
  return session;
}

/** The page around the frame opens the session: a test call of somebody who is signed in there. */
export function sessionOfHost(host: Host): () => Promise<Session> {
  let waiting: { resolve(session: Session): void; reject(error: ApiError): void } | null = null;
  host.listen((message) => {
    if (message.type === 'session') waiting?.resolve(message.session);
    if (message.type === 'session-refused') waiting?.reject(new ApiError(message.status, message.code));
  });
  return () =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      host.post({ type: 'session-wanted' });
    });
}

export async function fetchTranscript(call: CallRef): Promise<Blob> {
  return (await request(`${callPath(call)}/transcript?format=txt`, { headers: bearer(call) })).blob();
}

export async function sendFeedback(call: CallRef, rating: Rating): Promise<void> {
  await request(`${callPath(call)}/feedback`, postJson(rating, bearer(call)));
}

/** The recording, or null while it is still being made (202, 404, 409). */
export async function fetchRecording(call: CallRef): Promise<Blob | null> {
  try {
    const response = await request(`${callPath(call)}/recording`, { headers: bearer(call) });
    if (response.status === 202) return null;
    if (!response.headers.get('Content-Type')?.includes('json')) return await response.blob();
    const { url } = (await response.json()) as { url?: string };
    if (!url) return null;
    return await (await request(url)).blob();
  } catch (error) {
    if (error instanceof ApiError && [404, 409, 425].includes(error.status)) return null;
    throw error;
  }
}
