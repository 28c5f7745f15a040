/**
 * Every call to a store goes through the gate of its mount. A bounded number run at a time, and
 * each step has a deadline. So a store that hangs costs its own callers a timeout, and other
 * callers nothing.
 *
 * A *call* holds one permit. A *step* is one wait for the store (a request, a chunk, a part) with
 * its own timeout. A download of an hour is one call of many steps. Time in which the consumer is
 * slow belongs to no step.
 *
 * Each kind of call has its own permits: looks (stat, list), reads and writes. So hour-long
 * transfers leave room for looks, and uploads leave room for reads.
 *
 * Invariant: a permit is given back when the work has really ended, even if the caller was told
 * UNAVAILABLE before. So the permits also bound work that ignores its signal (a read(2) on a dead
 * NFS server).
 */
import { setMaxListeners } from 'node:events';
import { type Release, Semaphore } from '../base/semaphore.js';
import { Code, StatusError } from '../base/status.js';
import { STORE_DOWN_MS } from './failures.js';

export type Call = {
  /** What the errors name. */
  readonly uri: string;
  readonly signal: AbortSignal;
};

export type CallKind = 'look' | 'read' | 'write';

export type CallGateOptions = {
  readonly timeoutMs: number;
  /** How long the client of a transfer may stand still (transfer-pace.ts). */
  readonly idleMs: number;
  /** Of each kind. */
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
  /** Turns what the store threw into an error that the caller may see. */
  readonly explain: (error: unknown, uri: string) => StatusError;
};

export class CallGate {
  readonly #options: CallGateOptions;
  readonly #semaphores: Readonly<Record<CallKind, Semaphore>>;
  readonly #steps = new Set<{ readonly call: Call; giveUp(error: StatusError): void }>();
  #closed = false;

  constructor(options: CallGateOptions) {
    this.#options = options;
    const semaphore = () =>
      new Semaphore({
        permitCountMax: options.maxConcurrent,
        waiterCountMax: options.maxWaiting,
        refusal: tooManyForStore,
      });
    this.#semaphores = { look: semaphore(), read: semaphore(), write: semaphore() };
  }

  get held(): number {
    return Object.values(this.#semaphores).reduce((sum, { held }) => sum + held, 0);
  }

  get idleMs(): number {
    return this.#options.idleMs;
  }

  /** Whether calls of this kind wait for a permit. */
  isWanted(kind: CallKind): boolean {
    return this.#semaphores[kind].waiting > 0;
  }

  /** A look: a call of one step. */
  async run<T>(call: Call, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const release = await this.enter(call, 'look');
    let begun = false;
    try {
      return await this.step(call, async (signal) => {
        begun = true;
        try {
          return await work(signal);
        } finally {
          release();
        }
      });
    } finally {
      if (!begun) release();
    }
  }

  /** Opens a call of many steps; the caller releases. */
  async enter(call: Call, kind: CallKind): Promise<Release> {
    let acquiring: Promise<Release> | undefined;
    try {
      return await this.step(call, (signal) => {
        acquiring = this.#semaphores[kind].acquire(signal);
        return acquiring;
      });
    } catch (error) {
      // If the permit was granted just when the step gave up, it goes back.
      acquiring?.then((release) => release(), ignoreRefusal);
      throw error;
    }
  }

  /**
   * The result of the work, or the error of whatever comes first: the work, the timeout, the
   * caller's signal, close(). In the last three cases the work's own signal is aborted and its
   * late result dropped: work that opens something must look at its signal afterwards.
   */
  step<T>(
    call: Call,
    work: (signal: AbortSignal) => Promise<T>,
    limit: StepLimit = this.#storeLimit(call),
  ): Promise<T> {
    const { explain } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const controller = new AbortController();
      // Many calls may share their caller's signal, and many system calls that of their step: no
      // leak.
      setMaxListeners(0, controller.signal, call.signal);
      const settle = () => {
        clearTimeout(timer);
        call.signal.removeEventListener('abort', onAbort);
        this.#steps.delete(step);
      };
      const giveUp = (error: StatusError) => {
        settle();
        reject(error);
        controller.abort(error);
      };
      const onAbort = () => giveUp(abortedByCaller(call));
      const timer = setTimeout(() => giveUp(limit.late()), limit.timeoutMs);
      const step = { call, giveUp };
      this.#steps.add(step);
      call.signal.addEventListener('abort', onAbort, { once: true });
      if (call.signal.aborted) return onAbort();
      if (this.#closed) return giveUp(closed(call));
      work(controller.signal).then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: unknown) => {
          settle();
          reject(error instanceof StatusError ? error : explain(error, call.uri));
        },
      );
    });
  }

  /** Ends every step under way and refuses the next ones. */
  close(): void {
    this.#closed = true;
    for (const { call, giveUp } of [...this.#steps]) giveUp(closed(call));
  }

  #storeLimit(call: Call): StepLimit {
    const { timeoutMs } = this.#options;
    return { timeoutMs, late: () => timedOut(call, timeoutMs) };
  }
}

export type StepLimit = {
  readonly timeoutMs: number;
  readonly late: () => StatusError;
};

/** The step has already told its caller why it was not admitted. */
const ignoreRefusal = (): void => undefined;

/** The error for a caller whose own signal ended the call. */
export function abortedByCaller(call: Call): StatusError {
  const reason: unknown = call.signal.reason;
  if (reason instanceof StatusError) return reason;
  const late = reason instanceof Error && reason.name === 'TimeoutError';
  return late
    ? new StatusError(Code.DEADLINE_EXCEEDED, `The deadline passed during a call to ${call.uri}.`)
    : new StatusError(Code.CANCELLED, `The call to ${call.uri} was cancelled.`);
}

const timedOut = (call: Call, timeoutMs: number): StatusError =>
  new StatusError(Code.UNAVAILABLE, `No answer from ${call.uri} within ${timeoutMs} ms.`, {
    hint: 'Check that the store is up and reachable, or raise timeoutMs of the mount.',
    retryAfterMs: STORE_DOWN_MS,
  });

const closed = (call: Call): StatusError =>
  new StatusError(
    Code.UNAVAILABLE,
    `${call.uri} is closed: its mount was removed or changed, or the master stops.`,
    { hint: 'Look at the mounts, and try again: orchard mounts.' },
  );

const STORE_RETRY_AFTER_MS = 200;

const tooManyForStore = (): StatusError =>
  new StatusError(Code.RESOURCE_EXHAUSTED, 'Too many calls wait for this store.', {
    hint: 'Try again later, or raise maxConcurrent of the mount.',
    retryAfterMs: STORE_RETRY_AFTER_MS,
  });
