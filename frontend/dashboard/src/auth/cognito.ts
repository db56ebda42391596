/**
 * The three requests of Cognito's user pool API that signing in takes.
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

export interface NewPassword {
  email: string;
  session: string;
}

export type SignIn = { kind: 'tokens'; tokens: Tokens } | { kind: 'new-password'; challenge: NewPassword };

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
  if (answer.ChallengeName === 'NEW_PASSWORD_REQUIRED') {
    return { kind: 'new-password', challenge: { email, session: answer.Session ?? '' } };
  }
  return { kind: 'tokens', tokens: tokensOf(answer) };
}

/** Invited people choose a password of their own at their first sign-in. */
export async function choosePassword(challenge: NewPassword, password: string): Promise<Tokens> {
  const answer = await ask('RespondToAuthChallenge', (clientId) => ({
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
    ClientId: clientId,
    Session: challenge.session,
    ChallengeResponses: { USERNAME: challenge.email, NEW_PASSWORD: password },
  }));
  return tokensOf(answer);
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
