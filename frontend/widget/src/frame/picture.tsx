import { useEffect, useRef } from "preact/hooks";
import { Visualizer, type Style } from "../../../audio-engine/src/visualizer";
import type { Call } from "./call";
import type { Speaker } from "./state";

export function Picture({ style, call, speaker }: { style: Style; call: Call; speaker: Speaker }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const now = useRef(speaker);
  now.current = speaker;
  useEffect(() => {
    if (!canvas.current) return;
    const visualizer = new Visualizer(canvas.current, style, () => call.engine, () => now.current);
    visualizer.start();
    return () => visualizer.stop();
  }, [style, call]);
  return <canvas ref={canvas} class={`picture ${style}`} aria-hidden="true" />;
}
