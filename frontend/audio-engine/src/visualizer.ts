/**
 * Draws who is speaking, as 24 bars or as an orb, on one 2D canvas.
 *
 * Reads two AnalyserNodes; holds no audio. With reduced motion one still picture is drawn per change of speaker.
 */

export type VisualizerStyle = 'wave' | 'orb';
export type Speaker = 'idle' | 'user' | 'agent';

export interface VisualizerColors {
  idle: string;
  user: string;
  agent: string;
}

export interface VisualizerOptions {
  style: VisualizerStyle;
  colors: VisualizerColors;
  still: boolean;
  /** Frames a second; fewer on weak devices. */
  frameRate: number;
}

const BARS = 24;
const REST = 0.06;

/** Loudness 0..1 per bar, mirrored around the middle so that speech moves the centre most. */
export function barLevels(spectrum: Uint8Array, bars: number): number[] {
  const half = Math.ceil(bars / 2);
  // The lowest bin is hum, and the upper part of the spectrum holds next to no voice.
  const usable = Math.floor(spectrum.length * 0.4) - 1;
  const edge = (band: number): number => 1 + Math.floor((band / half) ** 1.3 * usable);
  const bands = Array.from({ length: half }, (_, band) => {
    const from = edge(band);
    const to = Math.max(from + 1, edge(band + 1));
    let sum = 0;
    for (let bin = from; bin < to; bin += 1) sum += spectrum[bin] ?? 0;
    return sum / (to - from) / 255;
  });
  return Array.from({ length: bars }, (_, bar) => bands[Math.floor(Math.abs(bar - (bars - 1) / 2))] ?? 0);
}

export class Visualizer {
  private readonly pen: CanvasRenderingContext2D | null;
  private readonly spectrum: Uint8Array<ArrayBuffer>;
  private shown = new Array<number>(BARS).fill(REST);
  private energy = 0;
  private speaker: Speaker = 'idle';
  private frame = 0;
  private drawnAt = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly user: AnalyserNode,
    private readonly agent: AnalyserNode,
    private readonly options: VisualizerOptions,
  ) {
    this.pen = canvas.getContext('2d');
    this.spectrum = new Uint8Array(user.frequencyBinCount);
  }

  start(): void {
    const loop = (time: number): void => {
      this.frame = requestAnimationFrame(loop);
      if (time - this.drawnAt < 1000 / this.options.frameRate - 2) return;
      this.drawnAt = time;
      this.draw(time);
    };
    if (this.options.still) this.draw(0);
    else this.frame = requestAnimationFrame(loop);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
  }

  setSpeaker(speaker: Speaker): void {
    this.speaker = speaker;
    if (this.options.still) this.draw(0);
  }

  private draw(time: number): void {
    const { pen, canvas } = this;
    if (pen === null) return;
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const levels = this.levels(time);
    if (this.options.style === 'wave') this.drawWave(pen, width, height, levels);
    else this.drawOrb(pen, width, height, levels, time);
  }

  private levels(time: number): number[] {
    const { still } = this.options;
    const resting = this.speaker === 'idle';
    if (still) return new Array<number>(BARS).fill(resting ? REST : 0.4);
    (this.speaker === 'user' ? this.user : this.agent).getByteFrequencyData(this.spectrum);
    const measured = barLevels(this.spectrum, BARS);
    this.shown = measured.map((level, bar) => {
      const breath = REST + 0.03 * Math.sin(time / 700 + bar / 3);
      const target = Math.max(breath, resting ? 0 : level);
      const before = this.shown[bar] ?? REST;
      return before + (target - before) * (target > before ? 0.55 : 0.18);
    });
    return this.shown;
  }

  private drawWave(pen: CanvasRenderingContext2D, width: number, height: number, levels: number[]): void {
    const span = Math.min(width * 0.86, 460);
    const step = span / BARS;
    const thickness = step * 0.56;
    pen.strokeStyle = this.options.colors[this.speaker];
    pen.lineWidth = thickness;
    pen.lineCap = 'round';
    levels.forEach((level, bar) => {
      const reach = Math.max(0.5, level * height * 0.9 - thickness) / 2;
      const x = (width - span) / 2 + (bar + 0.5) * step;
      pen.beginPath();
      pen.moveTo(x, height / 2 - reach);
      pen.lineTo(x, height / 2 + reach);
      pen.stroke();
    });
  }

  private drawOrb(pen: CanvasRenderingContext2D, width: number, height: number, levels: number[], time: number): void {
    const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
    this.energy += (mean - this.energy) * 0.4;
    const color = this.options.colors[this.speaker];
    const radius = Math.min(width, height) * (0.24 + 0.16 * Math.min(1, this.energy * 1.6));
    const x = width / 2;
    const y = height / 2;
    for (const [size, opacity] of [
      [1.3, 0.12],
      [1.15, 0.2],
    ] as const) {
      pen.globalAlpha = opacity;
      pen.fillStyle = color;
      pen.beginPath();
      pen.arc(x, y, radius * size * (1 + this.energy * 0.25), 0, Math.PI * 2);
      pen.fill();
    }
    pen.globalAlpha = 1;
    const drift = this.options.still ? 0 : time / 1400;
    const shine = pen.createRadialGradient(
      x + Math.cos(drift) * radius * 0.35,
      y - radius * 0.35 + Math.sin(drift) * radius * 0.15,
      radius * 0.1,
      x,
      y,
      radius,
    );
    shine.addColorStop(0, 'rgba(255,255,255,0.6)');
    shine.addColorStop(1, 'rgba(255,255,255,0)');
    for (const fill of [color, shine]) {
      pen.fillStyle = fill;
      pen.beginPath();
      pen.arc(x, y, radius, 0, Math.PI * 2);
      pen.fill();
    }
  }
}
