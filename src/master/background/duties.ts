/**
 * The duties, on main: sends the ttl checker, the reclaimer and the keeper of write leases to the
 * pool at intervals. One run of each at a time; after a run that was cut short the next follows at
 * once. The two that depend on the time wait until the clock is believed.
 */
import { StatusError } from '../../base/status.js';
import { BelievedClock } from './believed-clock.js';
import { RUN_INODES_MAX } from './reclaimer.js';
import type { Duty } from './tasks.js';

/** Pause between two looks for something to reclaim, and at the clock. */
const RECLAIM_INTERVAL_MS = 1000;
/** A lease is checked this many times while it lasts, … */
const LEASE_LOOKS = 4;
/** … and at least this often: a pass reads all of tier 2. */
const LEASE_INTERVAL_MS_MAX = 3_600_000;

export type DutiesOptions = {
  /** One run of a duty in the pool; how many inodes it dealt with. */
  readonly run: (duty: Duty, nowMs: number) => Promise<number>;
  readonly ttlCheckIntervalMs: number;
  readonly writeLeaseMs: number;
  readonly clockSettleMs: number;
  readonly onBug: (error: unknown) => void;
};

export class Duties {
  readonly #options: DutiesOptions;
  readonly #clock: BelievedClock;
  readonly #pauses: Readonly<Record<Duty, number>>;
  readonly #timers = new Map<Duty, NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: DutiesOptions) {
    this.#options = options;
    this.#clock = new BelievedClock(options.clockSettleMs);
    this.#pauses = {
      expire: options.ttlCheckIntervalMs,
      reclaim: RECLAIM_INTERVAL_MS,
      leases: Math.min(LEASE_INTERVAL_MS_MAX, options.writeLeaseMs / LEASE_LOOKS),
    };
  }

  start(): void {
    for (const duty of ['expire', 'reclaim', 'leases'] as const) {
      this.#schedule(duty, this.#pauses[duty]);
    }
  }

  /** Resolves when no run is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  #schedule(duty: Duty, afterMs: number): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      const run = this.#run(duty);
      this.#running.add(run);
      void run.finally(() => this.#running.delete(run));
    }, afterMs);
    timer.unref();
    this.#timers.set(duty, timer);
  }

  async #run(duty: Duty): Promise<void> {
    const pauseMs = this.#pauses[duty];
    const nowMs = this.#clock.now() ?? (duty === 'reclaim' ? Date.now() : undefined);
    if (nowMs === undefined) {
      this.#schedule(duty, Math.min(pauseMs, RECLAIM_INTERVAL_MS));
      return;
    }
    try {
      const done = await this.#options.run(duty, nowMs);
      this.#schedule(duty, duty === 'reclaim' && done >= RUN_INODES_MAX ? 0 : pauseMs);
    } catch (error) {
      // The master is stopping, or the disk is full: the next run will find out.
      if (error instanceof StatusError) this.#schedule(duty, pauseMs);
      else this.#options.onBug(error);
    }
  }
}
