/** Form controls with their label, help and value, bound to a path of a form. */

import { Box, ColorInput, Group, Slider, Switch, Text, Textarea, TextInput } from '@mantine/core';
import type { SwitchProps, TextareaProps, TextInputProps } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useId } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import '../parts/controls.css';

// The forms' types differ from page to page; the controls need their paths only.
export type AnyForm = UseFormReturnType<any>;

interface Bound {
  form: AnyForm;
  path: string;
  label: string;
  help?: ReactNode;
}

export interface SliderFieldProps extends Bound {
  min: number;
  max: number;
  step?: number;
  /** The value as it is shown. */
  show(value: number): string;
  warning?: string | null;
}

export function SliderField({ form, path, label, help, min, max, step = 1, show, warning }: SliderFieldProps) {
  const id = useId();
  const { value, onChange, error } = form.getInputProps(path) as { value: number; onChange(value: number): void; error?: ReactNode };
  const round = (raw: number): number => Number(raw.toFixed(4));
  return (
    <Box>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600} id={id}>
          {label}
        </Text>
        <Text size="sm" fw={600} component="output" aria-live="off">
          {show(value)}
        </Text>
      </Group>
      {help !== undefined && (
        <Text size="xs" c="dimmed">
          {help}
        </Text>
      )}
      <Slider
        my={10}
        min={min}
        max={max}
        step={step}
        value={value}
        onChange={(raw) => onChange(round(raw))}
        thumbLabel={label}
        thumbProps={{ 'aria-valuetext': show(value) }}
      />
      {warning != null && (
        <Text size="xs" c="orange" fw={500} role="status" className="warning-text">
          ⚠ {warning}
        </Text>
      )}
      {error != null && (
        <Text size="xs" c="var(--mantine-color-error)">
          {error}
        </Text>
      )}
    </Box>
  );
}

export function SwitchField({ form, path, label, help, ...more }: Bound & Omit<SwitchProps, 'form' | 'label'>) {
  return <Switch label={label} description={help} {...form.getInputProps(path, { type: 'checkbox' })} {...more} />;
}

export function TextField({ form, path, label, help, ...more }: Bound & Omit<TextInputProps, 'form' | 'label'>) {
  const { value, ...input } = form.getInputProps(path) as { value: string | null };
  return <TextInput label={label} description={help} {...input} value={value ?? ''} {...more} />;
}

/** With a counter, since long texts have a limit. */
export function LongField({ form, path, label, help, maxLength, ...more }: Bound & Omit<TextareaProps, 'form' | 'label'>) {
  const { t } = useTranslation();
  const { value, error, ...input } = form.getInputProps(path) as { value: string | null; error?: ReactNode };
  return (
    <Box>
      <Textarea label={label} description={help} rows={3} autosize maxRows={14} error={error} {...input} value={value ?? ''} maxLength={maxLength} {...more} />
      {maxLength !== undefined && (
        <Text size="xs" c="dimmed" ta="right" mt={2}>
          {t('{{used}} / {{max}} characters', { used: value?.length ?? 0, max: maxLength })}
        </Text>
      )}
    </Box>
  );
}

export function ColorField({ form, path, label, help, warning }: Bound & { warning?: string | null }) {
  const { t } = useTranslation();
  return (
    <Box>
      <ColorInput
        label={label}
        description={help}
        format="hex"
        withEyeDropper={false}
        popoverProps={{ withinPortal: true }}
        eyeDropperButtonProps={{ 'aria-label': t('Pick a colour from the screen') }}
        {...form.getInputProps(path)}
      />
      {warning != null && (
        <Text size="xs" mt={4} className="warning-text">
          ⚠ {warning}
        </Text>
      )}
    </Box>
  );
}
