/** What is out of bounds is refused before it is sent, in the words the API would use (`python -m tests.functions.admin.bounds`). */

import * as client from '@call/client/zod.gen';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { problems } from '../src/forms/validate.ts';
import table from './bounds.json' with { type: 'json' };

const t = ((text: string, values: Record<string, string> = {}) => text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')) as never;

/** Secrets are in the validator of what is written only. */
function validator(form: string): z.ZodType {
  const all = client as unknown as Record<string, z.ZodType>;
  const name = `z${form.replace('-', '')}`;
  return (all[`${name}Writable`] ?? all[name]) as z.ZodType;
}

function nested(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inner, part) => (part === '0' ? [inner] : { [part]: inner }), value);
}

describe('every bound', () => {
  it.each([...new Set(table.map((row) => row.form))])('of %s', (form) => {
    const rows = table.filter((row) => row.form === form);
    const told = rows.map((row) => ({ ...row, says: problems(t, validator(form), nested(row.path, row.value))[row.path] }));
    expect(told).toEqual(rows);
  });
});
