/**
 * What a job does when a store asks for fewer calls (an error that says when to come back): it
 * waits, longer each time, and asks again. All directories of a mount share the patience, so a
 * store that never recovers costs a job these minutes once and not for each directory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '../../base/status.js';
import { STORE_DOWN_MS } from '../../stores/failures.js';

export type PatienceOptions = {
  /** Counted from the first refusal without a success since. */
  readonly forMs: number;
  readonly pauseMsMax: number;
};

export class StorePatience {
  readonly #options: PatienceOptions;
  /** When each mount began to refuse; absent: its last call went well. */
  readonly #since = new Map<number, number>();

  constructor(options: PatienceOptions = { forMs: 10 * 60_000, pauseMsMax: 30_000 }) {
    this.#options = options;
  }

  async run<T>(mountId: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { forMs, pauseMsMax } = this.#options;
    for (let tries = 0; ; tries++) {
      try {
        const result = await work();
        this.#since.delete(mountId);
        return result;
      } catch (error) {
        const pauseMs = error instanceof StatusError ? error.retryAfterMs : undefined;
        // A store that is down reports it for longer: then waiting is useless.
        if (pauseMs === undefined || pauseMs >= STORE_DOWN_MS) throw error;
        const since = this.#since.get(mountId) ?? performance.now();
        this.#since.set(mountId, since);
        if (performance.now() - since > forMs) throw error;
        // Jitter: calls that were refused together do not return together.
        const longest = Math.min(pauseMsMax, pauseMs * 2 ** Math.min(tries, 16));
        await sleep(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {
          throw error;
        });
      }
    }
  }
}
