/**
 * Calls about the master itself (reports, locks, journal, jobs) take much time and memory. So they
 * have a lane of their own in each shard: one at a time, with a bounded queue. The superuser has a
 * second lane, which nobody else can fill.
 */
import { Semaphore } from '../../base/semaphore.js';
import { Code, StatusError } from '../../base/status.js';

const WAITING_MAX = 64;
const RETRY_AFTER_MS = 500;

export class AdminLane {
  readonly #ordinary = makeLane();
  readonly #super = makeLane();

  async run<T>(isSuper: boolean, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const lane = isSuper ? this.#super : this.#ordinary;
    const release = await lane.acquire(signal);
    try {
      return await work();
    } finally {
      release();
    }
  }
}

const makeLane = (): Semaphore =>
  new Semaphore({ permitCountMax: 1, waiterCountMax: WAITING_MAX, refusal: tooMany });

const tooMany = (): StatusError =>
  new StatusError(Code.RESOURCE_EXHAUSTED, `${WAITING_MAX} calls for reports wait already.`, {
    hint: 'Wait for the answers before you ask again.',
    retryAfterMs: RETRY_AFTER_MS,
  });
