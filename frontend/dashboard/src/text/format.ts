/** Dates, durations and money as people read them; the viewer's time zone. */

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${Math.floor((whole % 3600) / 60)}:${String(whole % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${rest.padStart(5, '0')}` : rest;
}

export function dateTime(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** “2 hours ago”; null when it is longer ago than a week. */
export function ago(iso: string, now: number, language: string): string | null {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds > 7 * 86_400 || seconds < 0) return null;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const [unit, size] = STEPS.find(([, length]) => seconds >= length) ?? ['second', 1];
  return format.format(-Math.floor(seconds / size), unit);
}

/** Dollars; parts of a cent are shown, since a minute may cost less than one. */
export function money(amount: string | number, language: string): string {
  const value = Number(amount);
  const digits = value !== 0 && Math.abs(value) < 0.1 ? 4 : 2;
  const style = { style: 'currency', currency: 'USD', minimumFractionDigits: 2, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(language, style).format(value);
}

export function perMinute(amount: string | number): string {
  return `$${Number(amount).toFixed(3).replace(/0$/, '')}/min`;
}

/** A name as it can stand in an address. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/[^\x20-\x7e]/g, '').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60).replace(/-+$/, '');
}
