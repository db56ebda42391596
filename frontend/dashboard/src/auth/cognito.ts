/**
 * The requests of Cognito's user pool API that signing in takes.
 *
 * https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
 */

import { config } from './config.ts';

export interface Tokens {
  idToken: string;
  accessToken: string;
  refreshToken: string;
  /** Wall clock in ms. */
  expiresAt: number;
}

/** What is still asked for: a password of one's own, or a code of the authenticator app. */
export interface Challenge {
  kind: 'new-password' | 'code';
  email: string;
  session: string;
}

export type SignIn = { kind: 'tokens'; tokens: Tokens } | { kind: 'challenge'; challenge: Challenge };

/** `code` is Cognito's name of the exception, `unreachable` when there was no answer. */
export class SignInError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

interface Answer {
  AuthenticationResult?: { IdToken: string; AccessToken: string; RefreshToken?: string; ExpiresIn: number };
  ChallengeName?: string;
  Session?: string;
  __type?: string;
}

async function ask(operation: string, body: (clientId: string) => object): Promise<Answer> {
  let response: Response;
  try {
    const { cognito } = await config();
    response = await fetch(cognito.endpoint, {
      method: 'POST',
      credentials: 'omit',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}`,
      },
      body: JSON.stringify(body(cognito.clientId)),
    });
  } catch {
    throw new SignInError('unreachable');
  }
  const answer = (await response.json().catch(() => ({}))) as Answer;
  if (!response.ok) throw new SignInError((answer.__type ?? 'unreachable').split('#').at(-1) ?? 'unreachable');
  return answer;
}

const CHALLENGES: Readonly<Record<string, Challenge['kind']>> = {
  NEW_PASSWORD_REQUIRED: 'new-password',
  SOFTWARE_TOKEN_MFA: 'code',
};

function tokensOf(answer: Answer, refreshToken = ''): Tokens {
  const result = answer.AuthenticationResult;
  if (result === undefined) throw new SignInError('unsupported');
  return {
    idToken: result.IdToken,
    accessToken: result.AccessToken,
    refreshToken: result.RefreshToken ?? refreshToken,
    expiresAt: Date.now() + result.ExpiresIn * 1000,
  };
}

export async function signIn(email: string, password: string): Promise<SignIn> {
  const answer = await ask('InitiateAuth', (clientId) => ({
    AuthFlow: 'USER_PASSWORD_AUTH',
    ClientId: clientId,
    AuthParameters: { USERNAME: email, PASSWORD: password },
  }));
  return outcome(email, answer);
}

/** One challenge may follow another. */
function outcome(email: string, answer: Answer): SignIn {
  const kind = CHALLENGES[answer.ChallengeName ?? ''];
  if (kind === undefined) return { kind: 'tokens', tokens: tokensOf(answer) };
  return { kind: 'challenge', challenge: { kind, email, session: answer.Session ?? '' } };
}

/** `given` is the new password or the code. */
export async function meet(challenge: Challenge, given: string): Promise<SignIn> {
  const isCode = challenge.kind === 'code';
  const answer = await ask('RespondToAuthChallenge', (clientId) => ({
    ChallengeName: isCode ? 'SOFTWARE_TOKEN_MFA' : 'NEW_PASSWORD_REQUIRED',
    ClientId: clientId,
    Session: challenge.session,
    ChallengeResponses: { USERNAME: challenge.email, [isCode ? 'SOFTWARE_TOKEN_MFA_CODE' : 'NEW_PASSWORD']: given },
  }));
  return outcome(challenge.email, answer);
}

export async function renew(refreshToken: string): Promise<Tokens> {
  const answer = await ask('InitiateAuth', (clientId) => ({
    AuthFlow: 'REFRESH_TOKEN_AUTH',
    ClientId: clientId,
    AuthParameters: { REFRESH_TOKEN: refreshToken },
  }));
  return tokensOf(answer, refreshToken);
}

/** Ends every session of this person. */
export async function signOutEverywhere(accessToken: string): Promise<void> {
  await ask('GlobalSignOut', () => ({ AccessToken: accessToken }));
}
