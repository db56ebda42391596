/** Lines of a transcript, and which of them is being heard. */

import type { SegmentOut } from '@call/client/types.gen';
import type { Complete } from '../../api/http.ts';

export interface Line {
  /** Seconds from the start of the call. */
  time: number;
  role: 'user' | 'assistant' | 'human';
  text: string;
  /** 0..1; null where the model does not say how sure it was. */
  confidence: number | null;
  interrupted: boolean;
}

export type Segment = Complete<SegmentOut>;

export function lineOf(segment: Segment): Line {
  return { time: segment.startMs / 1000, role: segment.role, text: segment.text, confidence: segment.confidence, interrupted: segment.interrupted };
}

/** The last line that has begun; -1 before the first. */
export function lineAt(lines: readonly Line[], seconds: number): number {
  return lines.findLastIndex((line) => line.time <= seconds);
}

export interface Part {
  text: string;
  hit: boolean;
}

/** A text cut where a word was found, whatever its case. */
export function highlight(text: string, word: string): Part[] {
  const needle = word.trim().toLowerCase();
  if (needle === '') return [{ text, hit: false }];
  const parts: Part[] = [];
  let from = 0;
  for (let at = text.toLowerCase().indexOf(needle); at >= 0; at = text.toLowerCase().indexOf(needle, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), hit: false });
    parts.push({ text: text.slice(at, at + needle.length), hit: true });
    from = at + needle.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), hit: false });
  return parts;
}
