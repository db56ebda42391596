/** Ranges and lengths of a field, read from the validators that the API's document generates. */

import * as z from 'zod';

export interface Limits {
  min?: number;
  max?: number;
  maxLength?: number;
}

/** Through optional, default and nullable to what is really checked. */
function inner(schema: z.ZodType): z.ZodType {
  let found: z.ZodType = schema;
  while (found instanceof z.ZodOptional || found instanceof z.ZodDefault || found instanceof z.ZodNullable) {
    found = found.unwrap() as z.ZodType;
  }
  return found;
}

export function fieldOf(schema: z.ZodType, path: string): z.ZodType {
  return path.split('.').reduce((parent, key) => {
    const found = inner(parent);
    if (found instanceof z.ZodObject) {
      const child = (found.shape as Record<string, z.ZodType>)[key];
      if (child !== undefined) return child;
    }
    if (found instanceof z.ZodArray) return found.element as z.ZodType;
    throw new Error(`The API has no field ${path}`);
  }, schema);
}

export function limitsOf(schema: z.ZodType, path: string): Limits {
  const found = inner(fieldOf(schema, path));
  if (found instanceof z.ZodNumber) return { min: found.minValue ?? undefined, max: found.maxValue ?? undefined };
  if (found instanceof z.ZodString) return { maxLength: found.maxLength ?? undefined };
  return {};
}
