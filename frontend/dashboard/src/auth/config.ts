/** Where people sign in, read once from `/dashboard/config.json`, which each installation serves for itself. */

export interface DemoPerson {
  key: string;
  name: string;
  email: string;
  role: string;
  company: string | null;
  password: string;
}

export interface Config {
  cognito: { endpoint: string; clientId: string };
  /** On a local platform only. */
  demo: readonly DemoPerson[];
}

let loading: Promise<Config> | null = null;

async function load(): Promise<Config> {
  const response = await fetch('/dashboard/config.json');
  if (!response.ok) throw new Error(`The configuration answered ${response.status}`);
  const body = (await response.json()) as Partial<Config> & Pick<Config, 'cognito'>;
  return { cognito: body.cognito, demo: body.demo ?? [] };
}

export function config(): Promise<Config> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}
