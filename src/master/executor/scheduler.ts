/**
 * Runs the calls of one executor: attempts them, completes them when the writer has applied their
 * entries, and starts parked ones again when their reason to wait is gone. Never blocks.
 *
 * Sleeping: on the executor's bell word, by Atomics.waitAsync. A thread with news (the writer after
 * a batch, the flusher after a commit, an executor that released locks) adds to it and notifies.
 * The scheduler looks for work again after it has set ASLEEP, so it misses no news.
 *
 * The cost of news does not grow with the number of waiting calls: calls that wait for a lock, a
 * flush or ring space stand in order, and waking stops at the first that must wait on.
 *
 * Invariant: completions are first in, first out, as the ring is.
 * Invariant: at most `parkedMax` calls are parked; the next one gets RESOURCE_EXHAUSTED.
 */
import { assert, SharedStateError, unreachable } from '../../base/assert.js';
import type { StatusError } from '../../base/status.js';
import { internalError } from '../../base/status-form.js';
import { NO_TICKET } from '../lock/lock-table.js';
import { CONTROL, EXECUTOR } from '../memory/layout.js';
import { type Call, Mutation } from './call.js';
import { CallEnding } from './call-ending.js';
import { cancelled, deadlineExceeded, tooManyParked } from './call-ends.js';
import type { RefusedCalls } from './call-identity.js';
import type { Caller } from './caller.js';
import { Deque } from './deque.js';
import type { Executor } from './executor.js';
import { type FastWrite, type FrameSink, serveWrite } from './fast-write.js';
import { Heap } from './heap.js';
import { Interning } from './intern-call.js';
import { type LockReport, lockReport } from './lock-row.js';
import { LockWaiters } from './lock-waiters.js';
import { Park, type ParkReason } from './park.js';
import { wakeExecutors, wakeFlusher, wakeWriter } from './wake.js';

const SWEEP_INTERVAL_MS = 250;

type ForFlush = { readonly call: Call; readonly seq: number };

const parkedBefore = (one: Call, other: Call): boolean => one.parkedOrder < other.parkedOrder;

export type SchedulerOptions = {
  readonly parkedMax: number;
  /** An error that is not a StatusError. It ends the thread if mayHaveBrokenState() says so. */
  readonly onBug: (error: unknown) => void;
  /** Calls that ended an earlier process. */
  readonly refused?: RefusedCalls;
  /** Called after completions were handled, so that replies leave together. */
  readonly onTurnEnd?: () => void;
};

export class Scheduler {
  readonly executor: Executor;
  /** Whose attempt or answer it is just now, for who ends within it. */
  running: Call | undefined;
  readonly #options: SchedulerOptions;
  readonly #ending: CallEnding;
  readonly #committing = new Deque<Mutation | FastWrite>();
  readonly #forLock: LockWaiters;
  readonly #forFlush = new Heap<ForFlush>((one, other) => one.seq < other.seq);
  readonly #forRing = new Heap<Call>(parkedBefore);
  /** Calls that wait for a promise: a store, a name's number, the next turn. */
  readonly #elsewhere = new Set<Call>();
  /** Of those, the calls that wait for the next turn. */
  readonly #forTurn = new Heap<Call>(parkedBefore);
  #turnComes = false;
  #parkedEver = 0;
  #completedSeen: number;
  #releasesSeen = 0;
  #asleep = false;
  #writerWakes = false;
  #sweep: NodeJS.Timeout | undefined;
  readonly #names = new Interning((call) => this.submit(call));
  /** The error for every call after drain(). */
  #ended: StatusError | undefined;

  constructor(executor: Executor, options: SchedulerOptions) {
    this.executor = executor;
    this.#options = options;
    this.#ending = new CallEnding(executor, options.onBug);
    this.#forLock = new LockWaiters(executor.locks);
    this.#completedSeen = this.#completed();
  }

  /** Calls that wait for anything but their commit. */
  get parkedCount(): number {
    return this.#forLock.size + this.#forFlush.size + this.#forRing.size + this.#elsewhere.size;
  }

  submit(call: Call): void {
    if (this.#ended === undefined) this.#run(call);
    else this.#ending.giveUp(call, this.#ended);
    this.#sleepIfBusy();
  }

  /**
   * The write whose request stands at EXECUTOR.REQUEST, done by a kernel; its reply goes to `sink`.
   * False: nothing has happened, and the slow path must be taken.
   */
  submitFast(name: string, caller: Caller, requestBytes: number, sink: FrameSink): boolean {
    if (this.#ended !== undefined) return false;
    const releases = this.#releases();
    const write = serveWrite(this.executor, name, caller, requestBytes, sink);
    if (write === undefined) {
      if (this.#releases() !== releases) this.#wakeForLocks();
      return false;
    }
    this.#committing.push(write);
    this.#wakeWriterSoon();
    this.#sleepIfBusy();
    return true;
  }

  /** All holders and waiters of this executor, for `admin locks`. */
  report(now: number): LockReport {
    return lockReport(this.#committing, this.#forLock, this.executor, now);
  }

  /** Ends every parked call and every later one: the master is stopping. */
  drain(error: StatusError): void {
    this.#ended = error;
    for (const call of this.#takeParked(() => true)) this.#ending.giveUp(call, error);
    this.executor.countParked(this.parkedCount);
    this.#announce();
    if (this.#sweep !== undefined) clearInterval(this.#sweep);
  }

  #run(call: Call): void {
    if (call.parkedAt !== 0) this.executor.countParked(this.parkedCount);
    const releases = this.#releases();
    this.running = call;
    try {
      if (call.cancelled) throw cancelled();
      if (this.#options.refused?.refuses(call) === true) throw internalError();
      if (call.attempt(this.executor)) return;
      assert(call instanceof Mutation, 'only mutations commit');
      this.#committing.push(call);
      this.#wakeWriterSoon();
    } catch (reason) {
      if (reason instanceof Park) this.#park(call, reason.reason);
      else this.#ending.end(call, reason);
    } finally {
      this.running = undefined;
      this.executor.checks?.afterCall();
      // Locks that were taken and released without a commit may have stopped other calls.
      if (this.#releases() !== releases) this.#wakeForLocks();
    }
  }

  /**
   * At the end of the turn: what all sockets have sent by then makes one batch, for one wake-up.
   * Waking a thread is a system call, and cost a tenth of the shard when each call did it.
   */
  #wakeWriterSoon(): void {
    if (this.#writerWakes) return;
    this.#writerWakes = true;
    setImmediate(() => {
      this.#writerWakes = false;
      wakeWriter(this.executor.shared);
    });
  }

  #park(call: Call, reason: ParkReason): void {
    const now = performance.now();
    if (now > call.deadline) {
      this.#ending.giveUp(call, deadlineExceeded());
      return;
    }
    if (call.parkedAt === 0) {
      if (this.parkedCount >= this.#options.parkedMax) {
        this.#ending.giveUp(call, tooManyParked());
        return;
      }
      call.parkedAt = now;
      call.parkedOrder = ++this.#parkedEver;
    }
    this.#sweep ??= setInterval(() => this.#sweepParked(), SWEEP_INTERVAL_MS).unref();
    this.#queue(call, reason);
    this.executor.countParked(this.parkedCount, reason.kind);
  }

  #queue(call: Call, reason: ParkReason): void {
    switch (reason.kind) {
      case 'lock':
        this.#queueForLock(call);
        return;
      case 'flush':
        if (call instanceof Mutation) call.dropPlan();
        this.#forFlush.push({ call, seq: reason.seq });
        this.executor.shared.store(CONTROL.FLUSH_WANTED, 1);
        this.#announce();
        wakeFlusher(this.executor.shared);
        return;
      case 'ring':
        this.#forRing.push(call);
        return;
      case 'intern':
        this.#queueElsewhere(call, this.#names.number(reason.name, call.caller));
        return;
      case 'work':
        this.#queueElsewhere(call, reason.done);
        return;
      case 'turn':
        this.#queueForTurn(call);
        return;
      default:
        unreachable(reason);
    }
  }

  #queueForLock(call: Call): void {
    assert(call instanceof Mutation, 'reads take no locks');
    const { locks } = this.executor;
    call.stoppedBy = locks.stoppedBy;
    const isNew = call.ticket === NO_TICKET;
    if (isNew) call.ticket = locks.takeTicket();
    this.#forLock.add(call);
    if (!isNew) return;
    this.#announce();
    // Once more, now that releases are announced: the holder may have left in between.
    this.#releasesSeen--;
  }

  /** A structural change is being applied: one call tries in the next turn, for all of them. */
  #queueForTurn(call: Call): void {
    if (call instanceof Mutation) call.dropPlan();
    this.#elsewhere.add(call);
    this.#forTurn.push(call);
    this.#runTurnSoon();
  }

  #runTurnSoon(): void {
    if (this.#turnComes || this.#forTurn.size === 0) return;
    this.#turnComes = true;
    setImmediate(() => this.#runTurn());
  }

  #runTurn(): void {
    this.#retryFirst(this.#forTurn, (call) => {
      if (this.#elsewhere.delete(call)) this.#run(call);
    });
    this.#turnComes = false;
    this.#runTurnSoon();
    this.#options.onTurnEnd?.();
    this.#sleepIfBusy();
  }

  #queueElsewhere(call: Call, done: Promise<unknown>): void {
    if (call instanceof Mutation) call.dropPlan();
    this.#elsewhere.add(call);
    // Unless its deadline has passed meanwhile, or the client has given it up.
    const leave = (go: () => void): void => {
      if (!this.#elsewhere.delete(call)) return;
      this.executor.countParked(this.parkedCount);
      go();
      this.#options.onTurnEnd?.();
    };
    done.then(
      () => leave(() => this.submit(call)),
      (error: unknown) => leave(() => this.#ending.end(call, error)),
    );
  }

  #completed(): number {
    const word = (this.executor.base + EXECUTOR.COMPLETED) >> 2;
    return Atomics.load(this.executor.shared.i32, word) >>> 0;
  }

  #releases(): number {
    return this.executor.shared.load(CONTROL.LOCK_RELEASES);
  }

  /** Wakes sleepers that wait for locks, here too, because a parked call may be next. */
  #wakeForLocks(): void {
    const { shared } = this.executor;
    if (shared.load(CONTROL.LOCK_PARKED) !== 0) wakeExecutors(shared, EXECUTOR.WAITS_LOCK, -1);
  }

  #wake(): void {
    this.#asleep = false;
    Atomics.store(this.executor.shared.i32, (this.executor.base + EXECUTOR.ASLEEP) >> 2, 0);
    try {
      this.#completeAll();
      this.#retryFlushed();
      this.#retryLocked();
      this.executor.checks?.afterTurn(this.#committing);
    } catch (error) {
      this.#options.onBug(new SharedStateError('what is told of completions holds', error));
    }
    this.#options.onTurnEnd?.();
    this.#sleepIfBusy();
  }

  #completeAll(): void {
    const completed = this.#completed();
    let freed = false;
    while (this.#completedSeen !== completed) {
      const call = this.#committing.shift();
      assert(call !== undefined, 'the writer completes only what was submitted');
      this.#completedSeen = (this.#completedSeen + 1) >>> 0;
      this.running = call instanceof Mutation ? call : undefined;
      this.#ending.finish(call);
      this.running = undefined;
      freed = true;
    }
    if (!freed) return;
    this.#wakeForLocks();
    this.#retryFirst(this.#forRing, (call) => this.#run(call));
  }

  /** In the order of arrival, until one must wait again. */
  #retryFirst(waiting: Heap<Call>, run: (call: Call) => void): void {
    for (let left = waiting.size; left > 0; left--) {
      const call = waiting.pop()!;
      run(call);
      if (waiting.peek() === call) return;
    }
  }

  #retryFlushed(): void {
    if (!this.#isFlushed()) return;
    const ready: Call[] = [];
    while (this.#isFlushed()) ready.push(this.#forFlush.pop()!.call);
    for (const call of ready) this.#run(call);
    this.#announce();
  }

  #isFlushed(): boolean {
    const first = this.#forFlush.peek();
    return first !== undefined && first.seq <= this.executor.flushedSeq;
  }

  /** While anything was released since the last look. */
  #retryLocked(): void {
    const releases = this.#releases();
    if (this.#forLock.size === 0 || releases === this.#releasesSeen) return;
    this.#releasesSeen = releases;
    this.#forLock.retry((call) => this.#run(call));
    this.#announce();
  }

  /** Says in shared memory what this executor wants to be woken for. */
  #announce(): void {
    const { shared, base } = this.executor;
    const locks = this.#forLock.size > 0 ? 1 : 0;
    const before = Atomics.exchange(shared.i32, (base + EXECUTOR.WAITS_LOCK) >> 2, locks);
    if (before !== locks) shared.add(CONTROL.LOCK_PARKED, locks - before);
    const flush = this.#forFlush.size > 0 ? 1 : 0;
    Atomics.store(shared.i32, (base + EXECUTOR.WAITS_FLUSH) >> 2, flush);
  }

  #sleepIfBusy(): void {
    if (this.#asleep) return;
    if (this.#committing.size + this.#forLock.size + this.#forFlush.size === 0) return;
    const { shared, base } = this.executor;
    const bell = (base + EXECUTOR.BELL) >> 2;
    this.#asleep = true;
    const seen = Atomics.load(shared.i32, bell);
    Atomics.store(shared.i32, (base + EXECUTOR.ASLEEP) >> 2, 1);
    if (this.#hasNews()) {
      setImmediate(() => this.#wake());
      return;
    }
    const sleep = Atomics.waitAsync(shared.i32, bell, seen);
    if (sleep.async) void sleep.value.then(() => this.#wake());
    else setImmediate(() => this.#wake());
  }

  #hasNews(): boolean {
    if (this.#completed() !== this.#completedSeen) return true;
    if (this.#forLock.size > 0 && this.#releases() !== this.#releasesSeen) return true;
    return this.#isFlushed();
  }

  #takeParked(matches: (call: Call) => boolean): Call[] {
    const forFlush = this.#forFlush.removeIf(({ call }) => matches(call));
    const elsewhere = [...this.#elsewhere].filter(matches);
    for (const call of elsewhere) this.#elsewhere.delete(call);
    const queued = [...this.#forLock.removeIf(matches), ...this.#forRing.removeIf(matches)];
    return [...queued, ...forFlush.map(({ call }) => call), ...elsewhere];
  }

  #sweepParked(): void {
    const now = performance.now();
    const ended = this.#takeParked((call) => now > call.deadline || call.cancelled);
    for (const call of ended)
      this.#ending.giveUp(call, call.cancelled ? cancelled() : deadlineExceeded());
    if (ended.length > 0) {
      this.executor.countParked(this.parkedCount);
      this.#announce();
      this.#wakeForLocks();
    }
    // Two calls that step back for each other hold nothing, so no release will announce it.
    this.#releasesSeen--;
    this.#retryLocked();
    this.#options.onTurnEnd?.();
    this.#sleepIfBusy();
  }
}
