/** The generated client, with our token on every request and one form of error. */

import { client } from '@call/client/client.gen';
import { session } from '../auth/session.ts';

/** The server always sends every field; the document calls those with a default optional. */
export type Complete<T> = T extends (infer Item)[]
  ? Complete<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Complete<Exclude<T[Key], undefined>> }
    : T;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** What is wrong with which field, by dotted path. */
    readonly fields: Readonly<Record<string, string>> = {},
    readonly currentVersion: number | null = null,
  ) {
    super(message);
  }

  get isConflict(): boolean {
    return this.code === 'version_conflict';
  }
}

interface Sent {
  data?: unknown;
  error?: unknown;
  response?: Response;
}

interface ErrorForm {
  error?: { code?: string; message?: string; fields?: Record<string, string> | null; currentVersion?: number | null };
}

export function apiError(response: Response | undefined, body: unknown): ApiError {
  const error = (body as ErrorForm | null | undefined)?.error;
  if (response === undefined) return new ApiError(0, 'unreachable', 'The server could not be reached.');
  return new ApiError(
    response.status,
    error?.code ?? 'internal_error',
    error?.message ?? 'Something went wrong. Please try again.',
    error?.fields ?? {},
    error?.currentVersion ?? null,
  );
}

/** The body of a good answer; everything else is thrown as an ApiError. */
export async function answer<T>(request: Promise<{ data?: T } & Sent>): Promise<Complete<Exclude<T, undefined>>> {
  const { data, error, response } = await request;
  if (response?.ok !== true) throw apiError(response, error);
  return data as Complete<Exclude<T, undefined>>;
}

export function ifMatch(version: number): { 'if-match': string } {
  return { 'if-match': `"${version}"` };
}

/** Repeating a request with the same key makes nothing twice. */
export function once(key: string): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': key };
}

async function send(request: Request): Promise<Response> {
  const token = await session.token();
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`);
  const response = await fetch(request);
  if (response.status === 401) session.end();
  return response;
}

/** For answers that are no JSON, such as transcripts. */
export async function download(path: string): Promise<Blob> {
  const response = await send(new Request(path)).catch(() => undefined);
  if (response?.ok !== true) throw apiError(response, await response?.json().catch(() => null));
  return response.blob();
}

client.setConfig({ baseUrl: '', fetch: (input, init) => send(new Request(input, init)) });
