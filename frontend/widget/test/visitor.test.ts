import { describe, expect, it } from 'vitest';
import { visitorId } from '../frame/visitor.ts';

function storage(content: Record<string, string>): Storage {
  return {
    getItem: (key: string) => content[key] ?? null,
    setItem: (key: string, value: string) => {
      content[key] = value;
    },
  } as Storage;
}

describe('visitorId', () => {
  it('keeps the first id it makes', () => {
    const content = {};
    let made = 0;
    const newId = (): string => `id-${++made}`;
    expect(visitorId(() => storage(content), newId)).toBe('id-1');
    expect(visitorId(() => storage(content), newId)).toBe('id-1');
  });

  it('replaces what the server would refuse', () => {
    const content = { 'call-widget:visitor': 'not an id!' };
    expect(visitorId(() => storage(content), () => 'fresh')).toBe('fresh');
    expect(content['call-widget:visitor']).toBe('fresh');
  });

  it('goes without where storage is forbidden', () => {
    const forbidden = (): Storage => {
      throw new DOMException('denied', 'SecurityError');
    };
    expect(visitorId(forbidden, () => 'fresh')).toBeUndefined();
  });
});
