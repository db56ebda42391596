// Texts by language; every language but English is a chunk of its own.
import type { Language } from "../frame/config";
import { en, type Texts } from "./en";

export async function texts(language: Language): Promise<Texts> {
  if (language === "es") return (await import("./es")).es;
  if (language === "fr") return (await import("./fr")).fr;
  if (language === "de") return (await import("./de")).de;
  return en;
}

export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? ""));
}
