/**
 * Languages. English is the key; the other languages are catalogues of the same keys, loaded when chosen.
 *
 * A test holds every text of the sources that is given to `t` or `mark` against all catalogues.
 */

import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

export const LANGUAGES = { en: 'English', es: 'Español', fr: 'Français', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

const PLACE = 'call-dashboard-language';
const CATALOGUES: Record<Exclude<Language, 'en'>, () => Promise<{ default: Record<string, string> }>> = {
  es: () => import('../locales/es.json'),
  fr: () => import('../locales/fr.json'),
  de: () => import('../locales/de.json'),
};

const isLanguage = (value: string | null | undefined): value is Language => value != null && value in LANGUAGES;

export function firstLanguage(kept: string | null, preferred: readonly string[]): Language {
  if (isLanguage(kept)) return kept;
  return preferred.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en';
}

export async function setLanguage(language: Language): Promise<void> {
  if (language !== 'en' && !i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', (await CATALOGUES[language]()).default);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  localStorage.setItem(PLACE, language);
}

export async function startLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    resources: { en: { translation: {} } },
    keySeparator: false,
    nsSeparator: false,
    returnEmptyString: false,
    interpolation: { escapeValue: false },
  });
  const language = firstLanguage(localStorage.getItem(PLACE), navigator.languages);
  if (language !== 'en') await setLanguage(language);
}

/** Marks a text that is translated where it is shown. */
export const mark = (text: string): string => text;
