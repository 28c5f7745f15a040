/** Who holds locks or waits for them, as `admin locks` shows it. */
import type { Call, Mutation } from './call.js';
import type { Executor } from './executor.js';
import { FastWrite } from './fast-write.js';

export type LockRow = {
  readonly operation: string;
  readonly target: string;
  readonly user: string;
  readonly forMs: number;
};

/** Who holds locks until its entry is applied. `now` by performance.now(). */
export function holderRow(call: Mutation | FastWrite, executor: Executor, now: number): LockRow {
  if (!(call instanceof FastWrite)) return lockRow(call, call.lockedAt, now);
  const { path, sinceMs } = call.describe(executor);
  const forMs = Math.max(0, Date.now() - sinceMs);
  return { operation: call.name, target: path, user: call.caller.user, forMs };
}

/** `since` and `now` by performance.now(). */
export function lockRow(call: Call, since: number, now: number): LockRow {
  return {
    operation: call.name,
    target: call.describe(),
    user: call.caller.user,
    forMs: Math.round((now - since) * 10) / 10,
  };
}
