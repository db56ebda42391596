/** A secret: hidden while it is typed unless it is shown, and never filled in by us. */

import { PasswordInput } from '@mantine/core';
import type { PasswordInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AnyForm } from '../forms/Fields.tsx';

export interface SecretFieldProps extends Omit<PasswordInputProps, 'form'> {
  form: AnyForm;
  path: string;
  label: string;
  help: string;
  /** What is shown of the stored one; null where nothing is stored. */
  stored: string | null;
}

export function SecretField({ form, path, label, help, stored, ...more }: SecretFieldProps) {
  const { t } = useTranslation();
  return (
    <PasswordInput
      label={label}
      description={stored === null ? help : `${help} · ${t('Stored: {{masked}}. Leave empty to keep it.', { masked: stored })}`}
      placeholder={stored ?? undefined}
      required={stored === null}
      autoComplete="off"
      visibilityToggleButtonProps={{ 'aria-label': t('Show'), tabIndex: 0 }}
      {...form.getInputProps(path)}
      {...more}
    />
  );
}
