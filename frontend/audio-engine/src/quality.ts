/** Good, fair or poor from what one side of a connection can measure itself. */

import type { QualityLevel } from './protocol.ts';

export interface ConnectionMeasures {
  rttMs: number;
  backlogMs: number;
  /** Holes in the sound since the last look (2 s). */
  underruns: number;
}

export function assessQuality({ rttMs, backlogMs, underruns }: ConnectionMeasures): QualityLevel {
  if (rttMs > 400 || backlogMs > 500 || underruns > 2) return 'poor';
  if (rttMs > 180 || backlogMs > 150 || underruns > 0) return 'fair';
  return 'good';
}
