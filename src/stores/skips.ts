/**
 * What a listing leaves out, and why. One odd entry never ends a walk over the others, and is never
 * dropped silently. Skips are counted by reason, with some of the names. They are plain data, so
 * they cross to other threads unchanged. Pure.
 */
import type { SkipReason } from '../base/skip-reasons.js';

export type Skipped = { readonly name: string; readonly reason: SkipReason };

export type Skips = {
  readonly count: number;
  readonly reasons: Readonly<Partial<Record<SkipReason, number>>>;
  /** The first of them, at most SKIP_SAMPLES_MAX. */
  readonly samples: readonly Skipped[];
};

export const SKIP_SAMPLES_MAX = 1000;
/** Latest and earliest time that a Date can hold, in milliseconds from 1970. */
const TIME_MS_MAX = 8.64e15;

export const noSkips: Skips = { count: 0, reasons: {}, samples: [] };

export class SkipCount implements Skips {
  count = 0;
  readonly reasons: Partial<Record<SkipReason, number>> = {};
  readonly samples: Skipped[] = [];

  add(name: string, reason: SkipReason): void {
    this.count++;
    this.reasons[reason] = (this.reasons[reason] ?? 0) + 1;
    if (this.samples.length < SKIP_SAMPLES_MAX) this.samples.push({ name, reason });
  }

  /** `prefix`: what leads from here to the names of the others. */
  addAll({ count, reasons, samples }: Skips, prefix: string): void {
    this.count += count;
    for (const [reason, more] of Object.entries(reasons) as [SkipReason, number][]) {
      this.reasons[reason] = (this.reasons[reason] ?? 0) + more;
    }
    for (const { name, reason } of samples) {
      if (this.samples.length === SKIP_SAMPLES_MAX) break;
      this.samples.push({ name: prefix + name, reason });
    }
  }

  /** As plain data. */
  get plain(): Skips {
    return { count: this.count, reasons: this.reasons, samples: this.samples };
  }
}

/** What is wrong with the values of an entry, as with those that a client sends. */
export function oddValue(length: number, mtimeMs: number | undefined): SkipReason | undefined {
  if (!Number.isSafeInteger(length) || length < 0) return 'size';
  if (mtimeMs === undefined) return undefined;
  return Math.abs(mtimeMs) <= TIME_MS_MAX ? undefined : 'time';
}
