/** Who holds locks or waits for them, as `admin locks` shows it. */
import type { Call, Mutation } from './call.js';
import type { Executor } from './executor.js';
import { FastWrite } from './fast-write.js';

/** Rows of each kind that one executor reports; the counts include all. */
const ROWS_MAX = 500;

export type LockReport = {
  readonly holderCount: number;
  readonly waiterCount: number;
  readonly holders: readonly LockRow[];
  readonly waiters: readonly LockRow[];
};

export type LockRow = {
  readonly operation: string;
  readonly target: string;
  readonly user: string;
  readonly forMs: number;
};

/** A holder of locks whose entry is not applied yet. `now` by performance.now(). */
function holderRow(call: Mutation | FastWrite, executor: Executor, now: number): LockRow {
  if (!(call instanceof FastWrite)) return lockRow(call, call.lockedAt, now);
  const { path, sinceMs } = call.describe(executor);
  const forMs = Math.max(0, Date.now() - sinceMs);
  return { operation: call.name, target: path, user: call.caller.user, forMs };
}

/** `since` and `now` by performance.now(). */
function lockRow(call: Call, since: number, now: number): LockRow {
  return {
    operation: call.name,
    target: call.describe(),
    user: call.caller.user,
    forMs: Math.round((now - since) * 10) / 10,
  };
}

type Counted<T> = Iterable<T> & { readonly size: number };

export function lockReport(
  committing: Counted<Mutation | FastWrite>,
  waiting: Counted<Call>,
  executor: Executor,
  now: number,
): LockReport {
  return {
    holderCount: committing.size,
    waiterCount: waiting.size,
    holders: firstRows(committing, (call) => holderRow(call, executor, now)),
    waiters: firstRows(waiting, (call) => lockRow(call, call.parkedAt, now)),
  };
}

function firstRows<T>(items: Iterable<T>, row: (item: T) => LockRow): LockRow[] {
  const rows: LockRow[] = [];
  for (const item of items) {
    if (rows.length === ROWS_MAX) break;
    rows.push(row(item));
  }
  return rows;
}
