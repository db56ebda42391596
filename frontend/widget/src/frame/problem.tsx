import type { Texts } from "../locales/en";

export function Problem({ problem, t, onRetry }: { problem: string; t: Texts; onRetry: () => void }) {
  const denied = problem === "microphone_denied";
  const known: Record<string, string> = {
    microphone_denied: t.deniedText,
    microphone_missing: t.missing,
    microphone_busy: t.busy,
    microphone_lost: t.microphoneLost,
    microphone_unsupported: t.unsupported,
    server: t.server,
  };
  return (
    <main class="middle" aria-live="assertive">
      {denied && <h2>{t.deniedTitle}</h2>}
      <p>{known[problem] ?? problem}</p>
      {denied && <p class="quiet">{t.deniedHow}</p>}
      {problem !== "microphone_unsupported" && <button type="button" class="primary" onClick={onRetry}>{t.retry}</button>}
    </main>
  );
}
