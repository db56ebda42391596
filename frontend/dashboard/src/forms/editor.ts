/**
 * One record being edited: the form, saving against a version, conflicts, what the server says is wrong.
 *
 * The record is read once; after that only saving, taking the other's version or resetting changes the form.
 */

import { useForm } from '@mantine/form';
import type { UseFormReturnType } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { ApiError } from '../api/http.ts';

export interface Versioned<T> {
  value: T;
  version: number;
}

export interface EditorOptions<T extends object> {
  initial: Versioned<T>;
  save(value: T, version: number): Promise<Versioned<T>>;
  /** What is stored now; asked for after a conflict. */
  reload(): Promise<Versioned<T>>;
  validate?(value: T): Record<string, string>;
  /** What the toast says. */
  saved: string | ((value: T) => string);
}

export interface Editor<T extends object> {
  form: UseFormReturnType<T>;
  version: number;
  dirty: boolean;
  saving: boolean;
  /** The message of the last refusal that belongs to no field. */
  problem: string | null;
  conflict: { theirs: Versioned<T>; base: T } | null;
  submit(): Promise<void>;
  reset(): void;
  keepMine(): Promise<void>;
  takeTheirs(): void;
  dismiss(): void;
  replace(next: Versioned<T>): void;
}

/** To the first field with an error, so that keyboard and screen reader users get there too. */
function focusError(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-invalid="true"], [data-error="true"]')?.focus());
}

export function useEditor<T extends object>(options: EditorOptions<T>): Editor<T> {
  const [version, setVersion] = useState(options.initial.version);
  const [base, setBase] = useState(options.initial.value);
  const [saving, setSaving] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [theirs, setTheirs] = useState<Versioned<T> | null>(null);
  const form = useForm<T>({
    initialValues: options.initial.value,
    validate: (values) => options.validate?.(values) ?? {},
    validateInputOnBlur: true,
  });
  const replace = (next: Versioned<T>): void => {
    setVersion(next.version);
    setBase(next.value);
    form.setInitialValues(next.value);
    form.setValues(next.value);
    form.resetDirty(next.value);
    form.clearErrors();
    setProblem(null);
    setTheirs(null);
  };
  const refused = async (error: unknown): Promise<void> => {
    if (!(error instanceof ApiError)) throw error;
    if (error.isConflict) {
      setTheirs(await options.reload());
      return;
    }
    form.setErrors(error.fields);
    setProblem(error.message);
    focusError();
  };
  const store = async (against: number): Promise<void> => {
    setSaving(true);
    setProblem(null);
    try {
      const stored = await options.save(form.getValues(), against);
      replace(stored);
      const message = typeof options.saved === 'string' ? options.saved : options.saved(stored.value);
      notifications.show({ message, color: 'green' });
    } catch (error) {
      await refused(error);
    } finally {
      setSaving(false);
    }
  };
  return {
    form,
    version,
    dirty: form.isDirty(),
    saving,
    problem,
    conflict: theirs === null ? null : { theirs, base },
    submit: async () => {
      if (form.validate().hasErrors) focusError();
      else await store(version);
    },
    reset: () => replace({ value: base, version }),
    keepMine: async () => {
      const against = theirs?.version ?? version;
      setTheirs(null);
      await store(against);
    },
    takeTheirs: () => theirs !== null && replace(theirs),
    dismiss: () => setTheirs(null),
    replace,
  };
}
