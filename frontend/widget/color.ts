/** Colour arithmetic: the readable foreground for a background, and lighter or darker neighbours. */

const DARK = '#111827';
const BLACK = '#000000';
const LIGHT = '#ffffff';

type Rgb = readonly [number, number, number];

export function parseHex(hex: string): Rgb {
  const digits = hex.replace('#', '');
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits;
  const value = Number.parseInt(full, 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Relative luminance (WCAG 2.2). */
export function luminance(hex: string): number {
  const [r, g, b] = parseHex(hex).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** White or near-black, whichever reads better; black where near-black would miss 4.5:1. */
export function foregroundFor(background: string): string {
  if (contrast(background, LIGHT) >= contrast(background, BLACK)) return LIGHT;
  return contrast(background, DARK) >= 4.5 ? DARK : BLACK;
}

/** The colour under a pointer: moved away from its foreground, so that contrast only grows. */
export function hoverOf(background: string): string {
  return shade(background, foregroundFor(background) === LIGHT ? -0.14 : 0.14);
}

/** Moves a colour towards white (share > 0) or black (share < 0). */
export function shade(hex: string, share: number): string {
  const target = share > 0 ? 255 : 0;
  const parts = parseHex(hex).map((channel) => Math.round(channel + (target - channel) * Math.abs(share)));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** The colour itself, or its nearest shade that stands out from the background by at least `ratio`. */
export function readable(hex: string, background: string, ratio: number): string {
  const direction = luminance(background) > 0.4 ? -1 : 1;
  for (let share = 0; share < 1; share += 0.08) {
    const candidate = shade(hex, direction * share);
    if (contrast(candidate, background) >= ratio) return candidate;
  }
  return direction < 0 ? DARK : LIGHT;
}
