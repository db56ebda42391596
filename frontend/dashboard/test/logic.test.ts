import { describe, expect, it } from 'vitest';
import { zCallSettings, zWidgetConfig } from '@call/client/zod.gen';
import { homeOf, sectionsFor } from '../src/app/navigation.ts';
import { safeReturn, Session } from '../src/auth/session.ts';
import { apiError } from '../src/api/http.ts';
import { differences, readable } from '../src/forms/differences.ts';
import { limitsOf } from '../src/forms/limits.ts';
import { problems } from '../src/forms/validate.ts';
import { cleaned, DEFAULTS, fillTemplate, sensitivityText } from '../src/pages/chatbots/call/draft.ts';
import { contrast, domainLines, embedCode } from '../src/pages/chatbots/widget/draft.ts';
import { completeHistory } from '../src/pages/chatbots/Versions.tsx';
import { NEW_MODEL } from '../src/pages/admin/modelDraft.ts';
import { NEW_PACKAGE, stepOf } from '../src/pages/admin/packageDraft.ts';
import { zAiModelInput, zPackageContent } from '@call/client/zod.gen';
import { highlight, lineAt } from '../src/pages/calls/lines.ts';
import { headStart } from '../src/pages/calls/Player.tsx';
import { ago, clock, money, slugOf } from '../src/text/format.ts';
import { firstLanguage } from '../src/text/i18n.ts';

const t = ((text: string, values: Record<string, string> = {}) => text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')) as never;

class Memory implements Storage {
  private readonly items = new Map<string, string>();
  get length(): number {
    return this.items.size;
  }
  clear(): void {
    this.items.clear();
  }
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  key(): string | null {
    return null;
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

describe('session', () => {
  const tokens = (expiresAt: number, idToken = 'first') => ({ idToken, accessToken: 'a', refreshToken: 'r', expiresAt });

  it('hands out its token, and renews it once for all who ask, shortly before it expires', async () => {
    let renewals = 0;
    const session = new Session(new Memory(), { now: () => 1_000_000 }, async () => {
      renewals += 1;
      return tokens(9_000_000, 'second');
    });
    session.begin(tokens(1_061_000));
    expect(await session.token()).toBe('first');
    session.begin(tokens(1_059_000));
    expect(await Promise.all([session.token(), session.token()])).toEqual(['second', 'second']);
    expect(renewals).toBe(1);
  });

  it('survives a reload of the tab and ends when it cannot be renewed', async () => {
    const store = new Memory();
    new Session(store).begin(tokens(0));
    const session = new Session(store, { now: () => 1 }, () => Promise.reject(new Error('gone')));
    let told = 0;
    session.onEnd(() => (told += 1));
    expect(session.signedIn).toBe(true);
    expect(await session.token()).toBeNull();
    expect([session.signedIn, told, store.length]).toEqual([false, 1, 0]);
  });

  it('ignores what it did not write', () => {
    const store = new Memory();
    store.setItem('call-dashboard-session', '{"idToken":7');
    expect(new Session(store).signedIn).toBe(false);
  });

  it('returns to addresses of this site only', () => {
    expect(safeReturn('/chatbots?x=1')).toBe('/chatbots?x=1');
    for (const foreign of ['//evil.example', 'https://evil.example', '/\\evil.example', '/login', undefined]) {
      expect(safeReturn(foreign)).toBe('/dashboard');
    }
  });
});

describe('navigation', () => {
  it('offers what the permissions allow and starts where the role works', () => {
    const agent = ['me', 'calls.read'] as never[];
    expect(sectionsFor(agent).flatMap((section) => section.places.map((place) => place.to))).toEqual(['/calls', '/help']);
    expect(homeOf(agent)).toBe('/calls');
    expect(homeOf(['fleet.companies'])).toBe('/admin/companies');
  });
});

describe('errors', () => {
  it('carry status, code, fields and the current version', () => {
    const body = { error: { code: 'version_conflict', message: 'Changed.', fields: { name: 'Taken' }, currentVersion: 4 } };
    const error = apiError(new Response(null, { status: 409 }), body);
    expect([error.isConflict, error.status, error.fields, error.currentVersion]).toEqual([true, 409, { name: 'Taken' }, 4]);
    expect(apiError(undefined, null).code).toBe('unreachable');
    expect(apiError(new Response(null, { status: 502 }), '<html>').status).toBe(502);
  });
});

describe('forms', () => {
  it('take ranges from the API', () => {
    expect(limitsOf(zCallSettings, 'maxDurationMinutes')).toEqual({ min: 1, max: 60 });
    expect(limitsOf(zCallSettings, 'silenceTimeoutSeconds')).toEqual({ min: 30, max: 300 });
    expect(limitsOf(zCallSettings, 'vad.prefixPaddingMs')).toEqual({ min: 0, max: 2000 });
    expect(limitsOf(zCallSettings, 'greeting')).toEqual({ maxLength: 500 });
    expect(limitsOf(zWidgetConfig, 'advanced.callsPerHour')).toEqual({ min: 1, max: 1000 });
    expect(() => limitsOf(zCallSettings, 'voice.colour')).toThrow();
  });

  it('say in words what is wrong with which field', () => {
    const wrong = { ...DEFAULTS, greeting: '', maxDurationMinutes: 61 };
    const found = problems(t, zCallSettings, wrong);
    expect(found.greeting).toBe('This is required.');
    expect(found.maxDurationMinutes).toBe('At most 60.');
    expect(Object.keys(found).sort()).toEqual(['aiModelId', 'greeting', 'maxDurationMinutes', 'voice.voiceId']);
  });

  it('start from defaults the API accepts', () => {
    const chosen = { ...DEFAULTS, aiModelId: 'm', voice: { ...DEFAULTS.voice, voiceId: 'v' } };
    expect(problems(t, zCallSettings, cleaned(chosen))).toEqual({});
    expect(problems(t, zPackageContent, { ...NEW_PACKAGE, name: 'P' })).toEqual({});
    expect(problems(t, zAiModelInput, { ...NEW_MODEL, id: 'm', name: 'M' })).toEqual({});
  });

  it('send empty optional texts as none', () => {
    const sent = cleaned({ ...DEFAULTS, scenario: '', disclosure: { ...DEFAULTS.disclosure, offReason: '  ' } });
    expect([sent.scenario, sent.disclosure.offReason]).toEqual([null, null]);
  });

  it('find which fields differ', () => {
    const found = differences({ a: 1, b: { c: 'x', d: [1] } }, { a: 1, b: { c: 'y', d: [1, 2] } });
    expect(found).toEqual([
      { path: 'b.c', before: 'x', after: 'y' },
      { path: 'b.d', before: '[1]', after: '[1,2]' },
    ]);
    expect(readable('vad.prefixPaddingMs')).toBe('Vad › Prefix padding ms');
  });

  it('place a problem of a package on its step', () => {
    expect(['agents.0.callModelId', 'voiceId', 'enabledChat', 'name'].map(stepOf)).toEqual(['agents', 'model', 'capabilities', 'basic']);
  });
});

describe('call options', () => {
  it('describe the sensitivity by its range', () => {
    const words = [0, 0.3, 0.4, 0.6, 0.7, 1].map((value) => sensitivityText(value).split(' ')[0]);
    expect(words).toEqual(['Low', 'Low', 'Medium', 'Medium', 'High', 'High']);
  });

  it('fill templates', () => {
    expect(fillTemplate('[Company], [Company]: [Agent Name]', 'A', 'B')).toBe('A, A: B');
  });

  it('list versions from before the history began', () => {
    const entry = { number: 3, publishedAt: '2026-01-01T00:00:00Z', publishedBy: 'x', restoredFrom: null };
    expect(completeHistory([entry], 3).map((row) => [row.number, row.entry !== null])).toEqual([
      [3, true],
      [2, false],
      [1, false],
    ]);
    expect(completeHistory([], 0)).toEqual([]);
  });
});

describe('widget', () => {
  it('measures contrast as WCAG does', () => {
    expect(contrast('#10B981', '#FFFFFF')).toBeCloseTo(2.54, 2);
    expect(contrast('#10B981', '#111827')).toBeCloseTo(6.99, 2);
  });

  it('reads one domain a line', () => {
    expect(domainLines('a.example\n b.example,c.example')).toEqual(['a.example', 'b.example', 'c.example']);
  });

  it('names chatbot and company in the embed code', () => {
    expect(embedCode('https://x', 'bot', 'firm')).toBe('<script src="https://x/widget.js" data-chatbot-id="bot" data-company-id="firm"></script>');
  });
});

describe('transcript', () => {
  const lines = [0, 4, 9].map((time) => ({ time, role: 'user' as const, text: '', confidence: null, interrupted: false }));

  it('knows which line is heard', () => {
    expect([-1, 0, 3.9, 4, 100].map((seconds) => lineAt(lines, seconds))).toEqual([-1, 0, 0, 1, 2]);
  });

  it('knows how far a call was when its recording began', () => {
    expect([headStart(13, 7), headStart(7, 7.2), headStart(null, 7), headStart(13, 0)]).toEqual([6, 0, 0, 0]);
  });

  it('marks what was searched, whatever its case', () => {
    expect(highlight('A refund? Refund!', 'REFUND').map((part) => (part.hit ? `[${part.text}]` : part.text)).join('')).toBe('A [refund]? [Refund]!');
    expect(highlight('x', ' ')).toEqual([{ text: 'x', hit: false }]);
  });
});

describe('texts', () => {
  it('reads times, money and names', () => {
    expect([clock(5), clock(65.9), clock(3661)]).toEqual(['0:05', '1:05', '1:01:01']);
    expect(money('0.0123', 'en')).toBe('$0.0123');
    expect(money(12, 'en')).toBe('$12.00');
    expect(ago('2026-01-01T00:00:00Z', Date.parse('2026-01-01T02:10:00Z'), 'en')).toBe('2 hours ago');
    expect(ago('2026-01-01T00:00:00Z', Date.parse('2026-02-01T00:00:00Z'), 'en')).toBeNull();
    expect(slugOf('  Café & Bar! ')).toBe('cafe-bar');
  });

  it('starts in the kept language, else in the first it knows', () => {
    expect(firstLanguage('fr', ['de'])).toBe('fr');
    expect(firstLanguage(null, ['pt-BR', 'es-MX'])).toBe('es');
    expect(firstLanguage('xx', ['pt'])).toBe('en');
  });
});
