/**
 * One call, from the question to the answer, over any number of attempts and connections. Its id
 * stays the same, so the master answers a repeat with the first outcome.
 *
 *   queued ─▶ sent ─▶ done              lost connection, retry-after: sent ─▶ queued
 *      └────────┴──────▶ given up ─▶ done   (abort, deadline; a late reply only frees its place)
 *
 * Invariant: the caller's promise is settled once.
 */
import type { Reply } from '../wire/generated/index.js';
import type { CallSpec } from './call-spec.js';
import { asOrchardError, OrchardError } from './errors.js';
import type { CallOptions } from './types.js';

/** Timers and the wire count to 2^31 ms; a wait of more than 24 days gets no deadline. */
const DEADLINE_MS_MAX = 2 ** 31 - 1;

export class Call<T = unknown> {
  readonly id: number;
  readonly spec: CallSpec<T>;
  readonly promise: Promise<T>;
  /** The session that calls, on a connection with several; 0 = the session of Hello. */
  readonly session: number;
  readonly mayRetry: boolean;
  /** By performance.now(). */
  readonly startedMs: number;
  readonly deadlineAtMs: number;
  state: 'queued' | 'waiting' | 'sent' | 'done' = 'queued';
  retries = 0;
  /** Why the last attempt failed; reported when the deadline passes. */
  lastError: OrchardError | undefined;
  #resolve!: (value: T) => void;
  #reject!: (error: OrchardError) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  constructor(
    id: number,
    spec: CallSpec<T>,
    options: CallOptions & { deadlineMs: number; session: number },
  ) {
    this.id = id;
    this.session = options.session;
    this.spec = spec;
    this.mayRetry = options.retry ?? true;
    this.startedMs = performance.now();
    const { deadlineMs } = options;
    const isEndless = deadlineMs <= 0 || deadlineMs > DEADLINE_MS_MAX;
    this.deadlineAtMs = isEndless ? Number.POSITIVE_INFINITY : this.startedMs + deadlineMs;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** `giveUp` is called when the caller aborts or the deadline passes, unless it is done before. */
  watch(signal: AbortSignal | undefined, giveUp: (error: OrchardError) => void): void {
    if (this.deadlineAtMs !== Number.POSITIVE_INFINITY) {
      const remaining = Math.max(0, this.deadlineAtMs - performance.now());
      this.#timer = setTimeout(() => giveUp(this.#deadlineError()), remaining);
    }
    if (signal === undefined) return;
    this.#signal = signal;
    this.#onAbort = () => giveUp(this.#abortError(signal));
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** For the master: the remaining whole milliseconds, at least one; 0 = no deadline. */
  remainingMs(): number {
    if (this.deadlineAtMs === Number.POSITIVE_INFINITY) return 0;
    return Math.max(1, Math.ceil(this.deadlineAtMs - performance.now()));
  }

  interim(reply: Reply): void {
    if (this.state === 'done') return;
    this.#attempt(() => this.spec.onInterim?.(reply));
  }

  succeed(reply: Reply): void {
    this.#attempt(() => {
      const value = this.spec.decode(reply);
      if (this.#settle()) this.#resolve(value);
    });
  }

  fail(error: OrchardError): void {
    if (this.#settle()) this.#reject(error);
  }

  /** An error thrown by a reply or a callback fails this call, not the connection. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(asOrchardError(error));
    }
  }

  #settle(): boolean {
    if (this.state === 'done') return false;
    this.state = 'done';
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }

  #deadlineError(): OrchardError {
    const { path } = this.spec;
    if (this.lastError !== undefined && this.state !== 'sent') return this.lastError;
    const waited = Math.round(performance.now() - this.startedMs);
    return new OrchardError('DEADLINE_EXCEEDED', `No answer within ${waited} ms.`, {
      path,
      hint: 'A change may still have been made: look before doing it again.',
    });
  }

  #abortError(signal: AbortSignal): OrchardError {
    const hint = 'If it was a change, it may still have been made: look before doing it again.';
    const { path } = this.spec;
    return new OrchardError('CANCELLED', 'The call was aborted.', {
      path,
      cause: signal.reason,
      ...(this.state === 'sent' && { hint }),
    });
  }
}
