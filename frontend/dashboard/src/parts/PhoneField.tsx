/** A phone number with its country; the value is E.164. */

import { Group, Select, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asE164, COUNTRIES, countryNames, countryOf } from '../text/countries.ts';

export interface PhoneFieldProps {
  label: string;
  help?: ReactNode;
  value: string;
  onChange(value: string): void;
  error?: ReactNode;
  required?: boolean;
}

export function PhoneField({ label, help, value, onChange, error, required }: PhoneFieldProps) {
  const { t, i18n } = useTranslation();
  const [iso, setIso] = useState(() => countryOf(value)?.iso ?? 'US');
  const code = COUNTRIES.find((country) => country.iso === iso)?.code ?? '1';
  const [typed, setTyped] = useState(() => (value.startsWith(`+${code}`) ? value.slice(code.length + 1) : value));
  const options = useMemo(
    () => countryNames(i18n.language).map(({ value: country, label: name }) => ({ value: country, label: `${name} +${COUNTRIES.find((found) => found.iso === country)?.code ?? ''}` })),
    [i18n.language],
  );
  const type = (text: string): void => {
    const found = text.trim().startsWith('+') ? countryOf(text.replace(/[^\d+]/g, '')) : null;
    if (found !== null && found.code !== code) setIso(found.iso);
    setTyped(text);
    onChange(asE164(text, code));
  };
  const choose = (chosen: string | null): void => {
    if (chosen === null) return;
    setIso(chosen);
    onChange(asE164(typed, COUNTRIES.find((country) => country.iso === chosen)?.code ?? '1'));
  };
  return (
    <Group align="flex-start" gap="xs" wrap="nowrap">
      <Select label={t('Country')} data={options} value={iso} onChange={choose} searchable allowDeselect={false} w={{ base: 130, xs: 190 }} style={{ flexShrink: 0 }} />
      <TextInput
        type="tel"
        autoComplete="tel"
        label={label}
        description={help}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        placeholder="(555) 123-4567"
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        error={error}
        required={required}
        style={{ flex: 1, minWidth: 0 }}
      />
    </Group>
  );
}
