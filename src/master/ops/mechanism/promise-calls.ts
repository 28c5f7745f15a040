/**
 * Calls of the master's own threads, as promises: background work and the data port have no frame
 * to answer. Results of reads must be copied out of shared memory.
 */

import type { StatusError } from '../../../base/status.js';
import { Call, type Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { Scheduler } from '../../executor/scheduler.js';
import { type RecordFields, readRecord } from '../../memory/record-fields.js';

export type Answer = {
  /** Seq of the change; 0 = nothing changed. */
  readonly seq: number;
  /** The inode that was made or changed, if the operation reports it. */
  readonly inode: RecordFields | undefined;
};

/** When the caller stops waiting. */
export type CallEnd = {
  readonly signal?: AbortSignal | undefined;
  /** From now. */
  readonly deadlineMs?: number | undefined;
};

/** With the request that the call is a part of: what its client would send again. */
export type CallPart = CallEnd & {
  readonly caller?: Caller | undefined;
  readonly callId?: number | undefined;
};

/** Submits the call that `make` returns; rejects with its StatusError. */
export function submitted(
  scheduler: Scheduler,
  make: (sink: Sink) => Call,
  end: CallPart = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = make({
      info: (executor, record, seq) =>
        resolve({ seq, inode: readRecord(executor.shared.view, record) }),
      empty: (seq) => resolve({ seq, inode: undefined }),
      fail: reject,
    });
    submitUntil(scheduler, call, end);
  });
}

type Settle<T> = {
  readonly resolve: (value: T) => void;
  readonly reject: (error: StatusError) => void;
};

/** As submitted(), for a call with a sink of its own, which `sinkOf` makes of a promise's ends. */
export function asked<T, S>(
  scheduler: Scheduler,
  make: (sink: S) => Call,
  sinkOf: (settle: Settle<T>) => S,
  end: CallEnd = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    submitUntil(scheduler, make(sinkOf({ resolve, reject })), end);
  });
}

/** One that waits is given up soon after its end, one that commits is not. */
function submitUntil(scheduler: Scheduler, call: Call, part: CallPart): void {
  const { signal, deadlineMs, caller, callId = 0 } = part;
  if (caller !== undefined && callId !== 0) call.partOf = { clientId: caller.clientId, callId };
  if (deadlineMs !== undefined) call.deadline = performance.now() + deadlineMs;
  if (signal?.aborted === true) call.cancelled = true;
  const giveUp = new WeakRef(call);
  signal?.addEventListener('abort', () => cancel(giveUp.deref()), { once: true });
  scheduler.submit(call);
}

function cancel(call: Call | undefined): void {
  if (call !== undefined) call.cancelled = true;
}

class Reading<T> extends Call {
  readonly name: string;
  readonly #read: (executor: Executor) => T;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: StatusError) => void;

  constructor(
    what: { readonly name: string; readonly caller: Caller; readonly read: (e: Executor) => T },
    resolve: (value: T) => void,
    reject: (error: StatusError) => void,
  ) {
    super(what.caller, 0);
    this.name = what.name;
    this.#read = what.read;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override attempt(executor: Executor): boolean {
    executor.setCaller(this.caller);
    this.#resolve(this.#read(executor));
    return true;
  }

  override fail(error: StatusError): void {
    this.#reject(error);
  }

  override describe(): string {
    return this.name;
  }
}

/** Runs `read` in one turn of the executor, and again after each Park that it throws. */
export function reading<T>(
  scheduler: Scheduler,
  name: string,
  caller: Caller,
  read: (executor: Executor) => T,
  end: CallPart = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    submitUntil(scheduler, new Reading({ name, caller, read }, resolve, reject), end);
  });
}
