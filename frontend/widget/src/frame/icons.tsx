import type { Quality } from "./state";

const stroke = { fill: "none", stroke: "currentColor", "stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round" } as const;

export function MicIcon({ off }: { off: boolean }) {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" {...stroke}>
      <rect x="9" y="3" width="6" height="11" rx="3" />
      <path d="M5 11a7 7 0 0 0 14 0M12 18v3" />
      {off && <path d="M4 4l16 16" />}
    </svg>
  );
}

export function EndIcon() {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="currentColor">
      <path d="M12 9c-3 0-5.800.8-8.200 2.300-.9.600-1.300 1.700-1 2.700l.5 1.600c.3.900 1.200 1.400 2.100 1.200l2.200-.5c.8-.2 1.400-.9 1.400-1.700v-1.400a12 12 0 0 1 6 0v1.400c0 .8.600 1.500 1.400 1.700l2.200.5c.9.200 1.800-.3 2.100-1.200l.5-1.600c.3-1-.1-2.100-1-2.700C17.800 9.800 15 9 12 9z" />
    </svg>
  );
}

export function CloseIcon() {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" {...stroke}>
      <path d="M6 6l12 12M18 6L6 18" />
    </svg>
  );
}

export function QualityIcon({ level, label }: { level: Quality; label: string }) {
  const bars = level === "good" ? 3 : level === "fair" ? 2 : 1;
  return (
    <span class={`quality ${level}`} role="img" aria-label={label} title={label}>
      {[1, 2, 3].map((bar) => (
        <i key={bar} class={bar <= bars ? "on" : ""} style={{ height: `${bar * 5}px` }} />
      ))}
    </span>
  );
}
