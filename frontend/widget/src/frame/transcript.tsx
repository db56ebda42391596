import { useEffect, useRef, useState } from "preact/hooks";
import type { Texts } from "../locales/en";
import type { Line } from "./state";

export function Transcript({ lines, t, agentName }: { lines: Line[]; t: Texts; agentName: string }) {
  const [open, setOpen] = useState(true);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [lines]);
  const finals = lines.filter((line) => line.final);
  return (
    <section class="captions">
      <button type="button" class="plain toggle" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? t.hide : t.show}</button>
      {open && (
        <div class="lines" ref={list} tabIndex={0} role="region" aria-label={t.transcript}>
          {lines.map((line) => (
            <p key={line.id} class={line.role === "user" ? "line user" : "line"} data-final={line.final}>
              <b>{line.role === "user" ? t.you : agentName}</b> {line.text}
            </p>
          ))}
        </div>
      )}
      <div class="announce" role="log" aria-live="polite" aria-label={t.transcript}>
        {finals.slice(-3).map((line) => (
          <p key={line.id}>{line.role === "user" ? t.you : agentName}: {line.text}</p>
        ))}
      </div>
    </section>
  );
}
