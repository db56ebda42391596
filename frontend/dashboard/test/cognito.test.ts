import { afterEach, describe, expect, it, vi } from 'vitest';
import { meet, signIn, SignInError } from '../src/auth/cognito.ts';

interface Sent {
  target: string;
  body: Record<string, unknown>;
}

/** Answers in turn; says what was asked. */
function pool(...answers: [number, object][]): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal('fetch', async (address: string, init?: RequestInit) => {
    if (address === '/dashboard/config.json') return Response.json({ cognito: { endpoint: 'https://pool.example/', clientId: 'c' } });
    const headers = init?.headers as Record<string, string>;
    sent.push({ target: headers['X-Amz-Target'] ?? '', body: JSON.parse(String(init?.body)) as Record<string, unknown> });
    const [status, body] = answers.shift() ?? [500, {}];
    return Response.json(body, { status });
  });
  return sent;
}

const TOKENS = { AuthenticationResult: { IdToken: 'i', AccessToken: 'a', RefreshToken: 'r', ExpiresIn: 3600 } };

afterEach(() => vi.unstubAllGlobals());

describe('signing in', () => {
  it('meets one challenge after another', async () => {
    const sent = pool(
      [200, { ChallengeName: 'NEW_PASSWORD_REQUIRED', Session: 's1' }],
      [200, { ChallengeName: 'SOFTWARE_TOKEN_MFA', Session: 's2' }],
      [200, TOKENS],
    );
    const first = await signIn('a@b.example', 'old');
    if (first.kind !== 'challenge') throw new Error(first.kind);
    expect(first.challenge).toEqual({ kind: 'new-password', email: 'a@b.example', session: 's1' });
    const second = await meet(first.challenge, 'new');
    if (second.kind !== 'challenge') throw new Error(second.kind);
    const last = await meet(second.challenge, '123456');
    expect(last.kind === 'tokens' && last.tokens.idToken).toBe('i');
    expect(sent.map((request) => request.body.ChallengeResponses)).toEqual([
      undefined,
      { USERNAME: 'a@b.example', NEW_PASSWORD: 'new' },
      { USERNAME: 'a@b.example', SOFTWARE_TOKEN_MFA_CODE: '123456' },
    ]);
  });

  it('names the refusal, and a challenge it cannot meet', async () => {
    pool([400, { __type: 'x#NotAuthorizedException' }], [200, { ChallengeName: 'SELECT_MFA_TYPE' }]);
    await expect(signIn('a', 'b')).rejects.toEqual(new SignInError('NotAuthorizedException'));
    await expect(signIn('a', 'b')).rejects.toEqual(new SignInError('unsupported'));
  });
});
