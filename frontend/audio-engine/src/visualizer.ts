// Draws who speaks: bars ("wave") or a glowing disc ("orb"). One canvas, driven by the real sound of both sides.

export type Style = "wave" | "orb";
export type Speaker = "caller" | "agent" | "idle";

export interface Source {
  caller: AnalyserNode;
  far: AnalyserNode;
}

const COLOURS: Record<Speaker, string> = { caller: "#3b82f6", agent: "#10b981", idle: "#94a3b8" };
const BARS = 24;

export function levels(node: AnalyserNode, data: Uint8Array<ArrayBuffer>, bars: number): number[] {
  node.getByteFrequencyData(data);
  const used = Math.floor(data.length * 0.6);
  return Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor((bar * used) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * used) / bars));
    let sum = 0;
    for (let i = from; i < to; i++) sum += data[i] ?? 0;
    return sum / (to - from) / 255;
  });
}

export class Visualizer {
  private frame = 0;
  private readonly still: boolean;
  private readonly data = new Uint8Array(128);

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly style: Style,
    private readonly source: () => Source | null,
    private readonly speaker: () => Speaker,
  ) {
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  start(): void {
    const draw = (time: number): void => {
      this.draw(time);
      this.frame = requestAnimationFrame(draw);
    };
    this.frame = requestAnimationFrame(draw);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
  }

  private draw(time: number): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const scale = Math.min(2, devicePixelRatio || 1);
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    if (this.canvas.width !== width * scale) {
      this.canvas.width = width * scale;
      this.canvas.height = height * scale;
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const speaker = this.speaker();
    const source = this.source();
    const node = speaker === "agent" ? source?.far : source?.caller;
    const values = node && !this.still ? levels(node, this.data, BARS) : new Array<number>(BARS).fill(0);
    context.fillStyle = COLOURS[speaker];
    if (this.style === "wave") this.wave(context, values, width, height, time, speaker);
    else this.orb(context, values, width, height, time, speaker);
  }

  private wave(context: CanvasRenderingContext2D, values: number[], width: number, height: number, time: number, speaker: Speaker): void {
    const gap = width / BARS;
    for (let bar = 0; bar < BARS; bar++) {
      const breath = speaker === "idle" && !this.still ? 0.04 + 0.03 * Math.sin(time / 500 + bar / 3) : 0.05;
      const size = Math.max(breath, values[bar] ?? 0) * height;
      context.beginPath();
      context.roundRect(bar * gap + gap * 0.2, (height - size) / 2, gap * 0.6, size, gap * 0.3);
      context.fill();
    }
  }

  private orb(context: CanvasRenderingContext2D, values: number[], width: number, height: number, time: number, speaker: Speaker): void {
    const level = values.reduce((sum, value) => sum + value, 0) / BARS;
    const breath = speaker === "idle" && !this.still ? 0.03 * Math.sin(time / 700) : 0;
    const radius = Math.min(width, height) * (0.25 + 0.22 * Math.min(1, level * 2) + breath);
    const glow = context.createRadialGradient(width / 2, height / 2, radius * 0.1, width / 2, height / 2, radius);
    glow.addColorStop(0, `${COLOURS[speaker]}ff`);
    glow.addColorStop(0.7, `${COLOURS[speaker]}aa`);
    glow.addColorStop(1, `${COLOURS[speaker]}00`);
    context.fillStyle = glow;
    context.beginPath();
    context.arc(width / 2, height / 2, radius, 0, 2 * Math.PI);
    context.fill();
  }
}
