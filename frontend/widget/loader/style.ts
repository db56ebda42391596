/** Styles of the launcher and the geometry of the frame. */

import type { Appearance, LauncherConfig } from '../config.ts';

const ABOVE_EVERYTHING = 2147483000;
const EMBEDDED = { width: 400, height: 640 };
const PILL = { width: 300, height: 80 };

function corner({ position, horizontalOffset, verticalOffset }: Appearance): { x: string; y: string; h: string; v: string } {
  const [y, x] = position.split('-') as [string, string];
  return { x, y, h: `${horizontalOffset}px`, v: `${verticalOffset}px` };
}

export function launcherCss(appearance: Appearance, foreground: string, hover: string): string {
  const { x, y, h, v } = corner(appearance);
  const size = Math.max(48, appearance.buttonSize);
  const radius = (size * appearance.launcherIconBorderRadius) / 100;
  return `
:host{all:initial}
.launcher{position:fixed;${y}:calc(${v} + env(safe-area-inset-${y},0px));${x}:calc(${h} + env(safe-area-inset-${x},0px));z-index:${ABOVE_EVERYTHING};
display:inline-flex;align-items:center;justify-content:center;gap:10px;min-width:${size}px;min-height:${size}px;max-width:calc(100vw - 32px);
box-sizing:border-box;padding:${appearance.showCallLauncherText ? '0 22px 0 18px' : '0'};border:0;border-radius:${radius}px;
background:${appearance.callButtonColor};color:${foreground};font:600 16px/1.2 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;cursor:pointer;
box-shadow:0 6px 20px rgb(15 23 42/.24),0 2px 6px rgb(15 23 42/.16);-webkit-tap-highlight-color:transparent;
transition:background-color .15s,transform .15s,box-shadow .15s}
.launcher[hidden]{display:none}
.launcher:hover{background:${hover};transform:translateY(-2px);box-shadow:0 10px 26px rgb(15 23 42/.28)}
.launcher:active{transform:none}
.launcher:focus-visible{outline:3px solid #fff;outline-offset:0;box-shadow:0 0 0 6px #1d4ed8}
.icon{width:24px;height:24px;fill:currentColor;flex:none}
img{width:28px;height:28px;object-fit:contain}
.launcher .icon{animation:ring 6s ease-in-out 2s infinite;transform-origin:50% 50%}
@keyframes ring{0%,8%,100%{transform:none}2%{transform:rotate(-14deg)}4%{transform:rotate(12deg)}6%{transform:rotate(-6deg)}}
iframe{position:fixed;z-index:${ABOVE_EVERYTHING};border:0;color-scheme:light;background:transparent}
@media (max-width:640px){.launcher{bottom:calc(${v} + env(safe-area-inset-bottom,0px));top:auto}}
@media (prefers-reduced-motion:reduce){.launcher,.launcher:hover{transition:none;transform:none}.launcher .icon{animation:none}}
@media (forced-colors:active){.launcher{border:2px solid ButtonText}.launcher:focus-visible{outline-color:Highlight}}
@media print{.launcher,iframe{display:none}}`;
}

/** Inline style of the frame: the whole window, a box by the corner, or a pill. */
export function frameStyle(
  { appearance, interfaceSize }: Pick<LauncherConfig, 'appearance' | 'interfaceSize'>,
  mode: 'open' | 'pill',
  small: boolean,
): Record<string, string> {
  const { x, y, h, v } = corner(appearance);
  const clear = { inset: 'auto', maxWidth: '100vw', maxHeight: '100vh', borderRadius: '0', boxShadow: 'none' };
  if (mode === 'open' && (small || interfaceSize !== 'embedded')) {
    return { ...clear, inset: '0', width: '100%', height: '100%' };
  }
  const box = mode === 'pill' ? PILL : EMBEDDED;
  const radius = mode === 'pill' ? PILL.height / 2 : Math.min(appearance.borderRadius, 32);
  return {
    ...clear,
    borderRadius: `${radius}px`,
    boxShadow: '0 12px 40px rgb(15 23 42/.25)',
    [y]: v,
    [x]: h,
    width: `${box.width}px`,
    height: `${box.height}px`,
    maxWidth: `calc(100vw - ${h} - ${h})`,
    maxHeight: `calc(100vh - ${v} - ${v})`,
  };
}
