/**
 * Loads that calls of all threads wait for. Calls that want the same load share one. Each mount has
 * its own bounds, so a hanging store takes neither the pool nor the queue from other mounts. On
 * main.
 *
 *   shard ─ask─▶ main: same load under way? ─▶ mount's queue ─▶ pool ─▶ store
 */
import { Semaphore } from '../../base/semaphore.js';
import { Code, StatusError } from '../../base/status.js';
import { STORE_DOWN_MS } from '../../stores/failures.js';
import type { Loader } from '../executor/executor.js';
import type { Mount, MountTable } from '../mount/mount-table.js';

/** Limits of one mount: loads in work, and loads that wait. */
const RUNNING_MAX = 64;
const WAITING_MAX = 4096;
/** How long a store that was down is not asked again: calls get the last failure at once. */
const DOWN_MS = 5000;

export type LoadServiceOptions = {
  readonly mounts: MountTable;
  /** For mounts that set none. A load of a large directory needs many answers of the store. */
  readonly timeoutMs: number;
  /** The limits of the pool. */
  readonly load: Loader['load'];
};

export class LoadService implements Loader {
  readonly #options: LoadServiceOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #gates = new Map<number, Semaphore>();
  /** Stores that were down when they were last asked. */
  readonly #down = new Map<number, { readonly error: StatusError; readonly untilMs: number }>();

  constructor(options: LoadServiceOptions) {
    this.#options = options;
  }

  /** Loads under way or waiting. */
  get count(): number {
    return this.#running.size;
  }

  load(path: string, children: boolean, again = false): Promise<void> {
    const key = `${children ? 'children' : 'path'} ${again} ${path}`;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const load = this.#loadBounded(path, children, again).finally(() => this.#running.delete(key));
    this.#running.set(key, load);
    return load;
  }

  async #loadBounded(...[path, ...how]: Parameters<Loader['load']>): Promise<void> {
    const mount = this.#options.mounts.deepest(path);
    if (mount === undefined) return;
    const { mountId } = mount;
    const down = this.#down.get(mountId);
    if (down !== undefined && performance.now() < down.untilMs) throw down.error;
    try {
      await this.#loadFrom(mount, path, ...how);
      this.#down.delete(mountId);
    } catch (error) {
      if (error instanceof StatusError && (error.retryAfterMs ?? 0) >= STORE_DOWN_MS) {
        this.#down.set(mountId, { error, untilMs: performance.now() + DOWN_MS });
      }
      throw error;
    }
  }

  async #loadFrom(
    mount: Mount,
    ...[path, children, again]: Parameters<Loader['load']>
  ): Promise<void> {
    const timeoutMs = timeoutOf(mount, this.#options.timeoutMs);
    const signal = AbortSignal.timeout(timeoutMs);
    const gate = this.#gateOf(mount.mountId);
    const release = await gate.acquire(signal).catch((error: unknown) => {
      throw error instanceof StatusError ? error : tooSlow(path, mount, timeoutMs);
    });
    const work = this.#options.load(path, children, again).finally(release);
    // A directory of a million entries takes long, but each answer of its store is bounded.
    await (children ? work : raced(work, signal, () => tooSlow(path, mount, timeoutMs)));
  }

  #gateOf(mountId: number): Semaphore {
    let gate = this.#gates.get(mountId);
    if (gate === undefined) {
      this.#dropOld();
      gate = new Semaphore({ permitCountMax: RUNNING_MAX, waiterCountMax: WAITING_MAX });
      this.#gates.set(mountId, gate);
    }
    return gate;
  }

  #dropOld(): void {
    for (const [mountId, gate] of this.#gates) {
      const isIdle = gate.held === 0 && gate.waiting === 0;
      if (!isIdle || this.#options.mounts.byId(mountId) !== undefined) continue;
      this.#gates.delete(mountId);
      this.#down.delete(mountId);
    }
  }
}

/** One answer of the store longer than the mount's own timeout. */
function timeoutOf(mount: Mount, defaultMs: number): number {
  const own = Number(mount.options['timeoutMs']);
  return 2 * (Number.isFinite(own) && own > 0 ? own : defaultMs);
}

function raced<T>(work: Promise<T>, signal: AbortSignal, late: () => StatusError): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(late());
    signal.addEventListener('abort', onAbort, { once: true });
    work.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject);
  });
}

function tooSlow(path: string, mount: Mount, timeoutMs: number): StatusError {
  return new StatusError(
    Code.UNAVAILABLE,
    `The store of mount "${mount.path}" (${mount.uri}) did not answer within ${timeoutMs} ms.`,
    {
      path,
      hint: 'Check that the store is up and reachable, or raise timeoutMs of the mount.',
      retryAfterMs: STORE_DOWN_MS,
    },
  );
}
