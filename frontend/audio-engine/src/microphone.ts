/** Opens the microphone and says in four words why it did not work. */

export type MicrophoneProblem = 'denied' | 'missing' | 'busy' | 'unsupported';

export class MicrophoneError extends Error {
  constructor(readonly problem: MicrophoneProblem) {
    super(`microphone ${problem}`);
  }
}

export interface MicrophoneOptions {
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
}

const PROBLEMS: Readonly<Record<string, MicrophoneProblem>> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

/** True when this browser can hold a call (AudioWorklet, WebSocket, microphone in a secure context). */
export function isCallSupported(scope: typeof globalThis): boolean {
  const page = scope as { AudioWorkletNode?: unknown; WebSocket?: unknown; navigator?: { mediaDevices?: MediaDevices } };
  return Boolean(page.AudioWorkletNode && page.WebSocket && page.navigator?.mediaDevices?.getUserMedia);
}

/** Call inside the click. Throws MicrophoneError. */
export async function openMicrophone(devices: MediaDevices, options: MicrophoneOptions): Promise<MediaStream> {
  try {
    return await devices.getUserMedia({ audio: { ...options, channelCount: { ideal: 1 } }, video: false });
  } catch (error) {
    throw new MicrophoneError(problemOf(error));
  }
}

export function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  return PROBLEMS[name] ?? 'unsupported';
}
