/** Checks a form with the API's own validators and says what is wrong in plain words. */

import type { TFunction } from 'i18next';
import type * as z from 'zod';

function sentence(t: TFunction, issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'string') return Number(issue.minimum) === 1 ? t('This is required.') : t('At least {{min}} characters.', { min: String(issue.minimum) });
      return t('At least {{min}}.', { min: String(issue.minimum) });
    case 'too_big':
      if (issue.origin === 'string') return t('At most {{max}} characters.', { max: String(issue.maximum) });
      return t('At most {{max}}.', { max: String(issue.maximum) });
    case 'invalid_format':
      return t('This does not have the right form.');
    case 'invalid_type':
      return t('This is required.');
    default:
      return t('This is not valid.');
  }
}

export function problems(t: TFunction, schema: z.ZodType, values: unknown): Record<string, string> {
  const result = schema.safeParse(values);
  if (result.success) return {};
  // Of several problems of a field the first is told, as the API does.
  return Object.fromEntries(result.error.issues.map((issue) => [issue.path.join('.'), sentence(t, issue)]).reverse());
}
