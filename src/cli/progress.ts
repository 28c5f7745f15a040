/**
 * Progress of long work: a bar on a terminal, a line every few seconds elsewhere, nothing with
 * --json. It goes to standard error, so that standard output holds only results.
 */
import { createRequire } from 'node:module';
import { humanBytes, spanText } from './format.js';
import type { Terminal } from './io.js';

export type Step = {
  readonly done: number;
  /** 0: not known yet. */
  readonly total: number;
  readonly bytes?: number;
  readonly failed?: number;
  readonly path?: string;
};

export type ProgressReport = {
  update(step: Step): void;
  /** Removes the bar; the command reports the outcome itself. */
  stop(): void;
};

const require = createRequire(import.meta.url);

const LINE_INTERVAL_MS = 5_000;
const BAR_FPS = 8;
const BAR_COLUMNS = 28;

const silent: ProgressReport = { update: () => undefined, stop: () => undefined };

export function reportProgress(
  stderr: Terminal,
  label: string,
  { unit, isQuiet }: { unit: string; isQuiet: boolean },
): ProgressReport {
  if (isQuiet) return silent;
  return stderr.isTTY === true ? bar(stderr, label, unit) : lines(stderr, label, unit);
}

function bar(stderr: Terminal, label: string, unit: string): ProgressReport {
  // Imported here, because few commands draw a bar.
  const cliProgress = require('cli-progress') as typeof import('cli-progress');
  const startedMs = performance.now();
  const single = new cliProgress.SingleBar({
    stream: stderr as NodeJS.WritableStream,
    fps: BAR_FPS,
    hideCursor: true,
    clearOnComplete: true,
    format: (_options, params, payload: Partial<Step>) => {
      const { done = 0, total = 0 } = payload;
      const filled = Math.round(BAR_COLUMNS * params.progress);
      const drawn = '█'.repeat(filled) + '░'.repeat(BAR_COLUMNS - filled);
      const head = total > 0 ? `${label} ${drawn}` : label;
      const elapsedMs = performance.now() - startedMs;
      return `${head} ${stepText({ ...payload, done, total }, unit, elapsedMs)}`;
    },
  });
  single.start(1, 0, {});
  return {
    update: (step) => {
      single.setTotal(Math.max(1, step.total));
      single.update(Math.min(step.done, Math.max(1, step.total)), step);
    },
    stop: () => single.stop(),
  };
}

function lines(stderr: Terminal, label: string, unit: string): ProgressReport {
  const startedMs = performance.now();
  let toldMs = startedMs;
  return {
    update: (step) => {
      const nowMs = performance.now();
      if (nowMs - toldMs < LINE_INTERVAL_MS) return;
      toldMs = nowMs;
      stderr.write(`${label}: ${stepText(step, unit, nowMs - startedMs)}\n`);
    },
    stop: () => undefined,
  };
}

export function stepText(step: Step, unit: string, elapsedMs: number): string {
  const { done, total, bytes = 0, failed = 0 } = step;
  const count = total > 0 ? `${done}/${total} ${unit}` : `${done} ${unit}`;
  const perSecond = Math.round(done / Math.max(0.001, elapsedMs / 1000));
  const parts = [count, `${perSecond}/s`];
  if (bytes > 0) parts.push(humanBytes(bytes));
  if (failed > 0) parts.push(`${failed} failed`);
  if (total > done && done > 0) parts.push(`${spanText((elapsedMs / done) * (total - done))} left`);
  return parts.join(', ');
}
