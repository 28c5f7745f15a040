/**
 * What is always to be done, on main: sends the ttl checker and the reclaimer to the pool, again
 * and again. One run of each at a time; a run that was cut short is followed by the next at once.
 */
import { StatusError } from '../../base/status.js';
import { RUN_INODES_MAX } from './reclaimer.js';
import type { Duty } from './tasks.js';

/** Between two looks for something to reclaim. */
const RECLAIM_INTERVAL_MS = 1000;

export type DutiesOptions = {
  /** One bounded run of a duty in the pool; how many inodes it dealt with. */
  readonly run: (duty: Duty) => Promise<number>;
  readonly ttlCheckIntervalMs: number;
  readonly onBug: (error: unknown) => void;
};

export class Duties {
  readonly #options: DutiesOptions;
  readonly #timers = new Map<Duty, NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: DutiesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule('expire', this.#options.ttlCheckIntervalMs);
    this.#schedule('reclaim', RECLAIM_INTERVAL_MS);
  }

  /** Resolves when nothing of it runs any more. */
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
    const pauseMs = duty === 'expire' ? this.#options.ttlCheckIntervalMs : RECLAIM_INTERVAL_MS;
    try {
      const done = await this.#options.run(duty);
      this.#schedule(duty, duty === 'reclaim' && done >= RUN_INODES_MAX ? 0 : pauseMs);
    } catch (error) {
      // The master is stopping, or the disk is full: the next run will tell.
      if (error instanceof StatusError) this.#schedule(duty, pauseMs);
      else this.#options.onBug(error);
    }
  }
}
