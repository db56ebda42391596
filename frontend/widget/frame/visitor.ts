/** A random id this browser keeps, so that people behind one address do not share one allowance of calls. */

const KEY = 'call-widget:visitor';
const VALID = /^[A-Za-z0-9_-]{1,64}$/;

/** The id, a new one where none is stored; undefined where the browser keeps nothing (storage may throw on access). */
export function visitorId(storage: () => Storage, newId: () => string): string | undefined {
  try {
    const known = storage().getItem(KEY);
    if (known !== null && VALID.test(known)) return known;
    const fresh = newId();
    storage().setItem(KEY, fresh);
    return fresh;
  } catch {
    return undefined;
  }
}
