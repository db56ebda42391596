/** What the controller does around a call, with the engine and the network played by the test. */

import type { EngineEvent, EngineOptions } from '@call/audio-engine/engine';
import { MicrophoneError } from '@call/audio-engine/microphone';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readWidgetConfig } from '../config.ts';
import { ApiError, fetchRecording, sessionOfHost } from '../frame/api.ts';
import type { Session } from '../frame/api.ts';
import type { ToFrame } from '../envelope.ts';
import { CallController } from '../frame/controller.ts';
import type { Action } from '../frame/state.ts';

interface FakeEngine {
  running: boolean;
  problem: Error | null;
  emit: (event: EngineEvent) => void;
  connect: ReturnType<typeof vi.fn>;
  end: ReturnType<typeof vi.fn>;
  close: ReturnType<typeof vi.fn>;
  resume: ReturnType<typeof vi.fn>;
}

const setup = vi.hoisted(() => ({ running: true, problem: null as Error | null, made: [] as unknown[] }));

vi.mock('@call/audio-engine/engine', () => ({
  CallEngine: class {
    connect = vi.fn();
    end = vi.fn();
    close = vi.fn(() => Promise.resolve());
    resume = vi.fn(() => Promise.resolve());
    playedSamples = 0;
    running = setup.running;
    emit: EngineOptions['emit'];
    constructor(options: EngineOptions) {
      this.emit = options.emit;
      setup.made.push(this);
    }
    openAudio(): Promise<void> {
      return setup.problem ? Promise.reject(setup.problem) : Promise.resolve();
    }
    get sound() {
      return { running: this.running, resume: this.resume };
    }
  },
}));

const SESSION = { sessionId: 's', callId: 'call-7', websocketUrl: 'wss://x/ws', expiresAt: '', token: 'tok', readToken: 'read' };
const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
const fetchMock = vi.fn<(path: string, init?: RequestInit) => Promise<Response>>();

beforeEach(() => {
  vi.useFakeTimers();
  setup.running = true;
  setup.problem = null;
  setup.made = [];
  fetchMock.mockReset().mockImplementation(() => Promise.resolve(json(SESSION)));
  vi.stubGlobal('fetch', fetchMock);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function bench(openSession?: () => Promise<Session>) {
  const actions: Action[] = [];
  const controller = new CallController({
    chatbotId: 'bot',
    companyId: 'co',
    config: readWidgetConfig({}),
    openSession,
    dispatch: (action) => actions.push(action),
    clock: () => 1_000,
    engine: {
      environment: {
        openSocket: () => {
          throw new Error('not used');
        },
        now: () => performance.now(),
        after: (ms, run) => setTimeout(run, ms) as unknown as number,
        cancel: (timer) => clearTimeout(timer),
      },
      trace: null,
      audio: { worklets: { resampler: '', capture: '', playback: '' }, microphone: readWidgetConfig({}).audio, tap: false },
    },
  });
  const engine = (): FakeEngine => setup.made.at(-1) as FakeEngine;
  return { actions, controller, engine, types: () => actions.map((action) => action.type) };
}

describe('starting', () => {
  it('asks for the microphone before it asks for a session, and connects with its token', async () => {
    const { controller, engine, types } = bench();
    await controller.start({ name: 'Ada' });
    expect(types()).toEqual(['begin', 'connecting', 'session']);
    const [path, init] = fetchMock.mock.calls[0] as [string, RequestInit];
    expect(path).toBe('/api/widget/call/session');
    expect(JSON.parse(init.body as string)).toEqual({
      chatbotId: 'bot',
      companyId: 'co',
      visitorId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      customer: { name: 'Ada' },
    });
    expect(engine().connect).toHaveBeenCalledWith('wss://x/ws', 'tok');
  });

  it('takes a session the page around it hands in, and asks the public interface for none', async () => {
    let tell: (message: ToFrame) => void = () => undefined;
    const posted: string[] = [];
    const host = { standalone: false, listen: (receive: typeof tell) => void (tell = receive), post: ({ type }: { type: string }) => void posted.push(type) };
    const open = sessionOfHost(host);
    const { controller, engine } = bench(open);
    const started = controller.start();
    await vi.waitFor(() => expect(posted).toEqual(['session-wanted']));
    tell({ type: 'session', session: SESSION });
    await started;
    expect(engine().connect).toHaveBeenCalledWith('wss://x/ws', 'tok');
    expect(fetchMock).not.toHaveBeenCalled();
    const again = open();
    tell({ type: 'session-refused', status: 429, code: 'rate_limited' });
    await expect(again).rejects.toEqual(new ApiError(429, 'rate_limited'));
  });

  it('makes no session while the microphone is denied', async () => {
    setup.problem = new MicrophoneError('denied');
    const { controller, actions, engine } = bench();
    await controller.start();
    expect(actions.at(-1)).toEqual({ type: 'microphone-failed', problem: 'denied' });
    expect(fetchMock).not.toHaveBeenCalled();
    expect(engine().close).toHaveBeenCalled();
  });

  it.each([
    [429, 'rate_limited', 'rate'],
    [503, 'capacity_exceeded', 'full'],
    [409, 'call_unavailable', 'unavailable'],
  ])('says why the session was refused: %i', async (status, code, refusal) => {
    fetchMock.mockResolvedValue(json({ error: { code, message: '' } }, status));
    const { controller, actions } = bench();
    await controller.start();
    expect(actions.at(-1)).toEqual({ type: 'refused', refusal });
  });

  it('asks for a click when the browser keeps the sound back, and goes on after it', async () => {
    setup.running = false;
    const { controller, types, engine } = bench();
    const started = controller.start();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(types().at(-1)).toBe('gesture-needed');
    expect(fetchMock).not.toHaveBeenCalled();
    await controller.giveGesture();
    await started;
    expect(engine().resume).toHaveBeenCalled();
    expect(types().at(-1)).toBe('session');
  });
});

describe('ending', () => {
  it('goes on without the server when it does not confirm the end', async () => {
    const { controller, engine, types } = bench();
    await controller.start();
    controller.hangUp();
    expect(engine().end).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(2_900);
    expect(types().at(-1)).toBe('ending');
    await vi.advanceTimersByTimeAsync(200);
    expect(types().at(-1)).toBe('closed');
    expect(engine().close).toHaveBeenCalled();
  });

  it('lets go of the microphone when the call is over, and hears nothing of it afterwards', async () => {
    const { controller, engine, types } = bench();
    await controller.start();
    const first = engine();
    first.emit({ type: 'message', message: { type: 'call_ended', data: { duration: 3, reason: 'ai_ended' } } });
    expect(types().at(-1)).toBe('ended');
    expect(first.close).toHaveBeenCalledOnce();
    const before = types().length;
    first.emit({ type: 'lost', code: 1006 });
    expect(types()).toHaveLength(before);
  });
});

describe('afterwards', () => {
  it('sends the rating with the read token', async () => {
    const { controller, actions } = bench();
    await controller.start();
    fetchMock.mockResolvedValue(json({}));
    await controller.rate({ stars: 5, comment: '' });
    const [path, init] = fetchMock.mock.calls.at(-1) as [string, RequestInit];
    expect(path).toBe('/api/widget/call/call-7/feedback');
    expect(init.headers).toMatchObject({ Authorization: 'Bearer read' });
    expect(actions.at(-1)).toEqual({ type: 'feedback', state: 'sent' });
  });

  it('says when the rating did not arrive', async () => {
    const { controller, actions } = bench();
    await controller.start();
    fetchMock.mockRejectedValue(new TypeError('offline'));
    await controller.rate({ stars: 5, comment: '' });
    expect(actions.at(-1)).toEqual({ type: 'feedback', state: 'failed' });
  });

  it.each([202, 404, 409])('takes %i as a recording that is still being made', async (status) => {
    fetchMock.mockResolvedValue(json({ error: { code: 'not_found', message: '' } }, status));
    expect(await fetchRecording({ callId: 'c', readToken: 'r' })).toBeNull();
  });

  it('follows the address of a finished recording', async () => {
    fetchMock.mockResolvedValueOnce(json({ url: 'https://files.example/a' }));
    fetchMock.mockResolvedValueOnce(new Response('sound', { headers: { 'Content-Type': 'audio/mpeg' } }));
    const blob = await fetchRecording({ callId: 'c', readToken: 'r' });
    expect(await blob?.text()).toBe('sound');
    expect(fetchMock.mock.calls[1]?.[0]).toBe('https://files.example/a');
  });
});
