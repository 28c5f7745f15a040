/**
 * The threads of one master: loaded together, begun one by one, watched and stopped. A thread that
 * dies ends the process: half a master would answer some calls and lose others.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { StatusError } from '../base/status.js';
import { inTime } from './ending.js';
import { OPEN } from './opened.js';

/** How long a forced end may take. A thread in a system call may take any time. */
const TERMINATE_MS_MAX = 1000;

/** Errors cross as plain ones, with the properties that they had. */
function revived(error: unknown): unknown {
  const { name, code, message, path, hint } = error as Partial<StatusError>;
  if (name !== 'StatusError' || code === undefined) return error;
  return new StatusError(code, String(message), {
    ...(path !== undefined && { path }),
    ...(hint !== undefined && { hint }),
  });
}

export class Threads {
  readonly #workers = new Map<string, Worker>();
  readonly #loads: Promise<unknown>[] = [];
  /** Those that were told to begin. */
  readonly #opened = new Set<string>();
  readonly #onDeath: (name: string, error: unknown) => void;
  #stopping = false;

  constructor(onDeath: (name: string, error: unknown) => void) {
    this.#onDeath = onDeath;
  }

  /** Starts the thread of this module, and waits until it has loaded everything: see opened(). */
  async load(name: string, entry: URL, workerData: object): Promise<void> {
    const worker = new Worker(entry, { workerData, name });
    this.#workers.set(name, worker);
    const loaded = this.#heard(worker);
    this.#loads.push(loaded);
    await loaded;
  }

  /** The threads that have not ended. */
  get running(): string[] {
    return [...this.#workers].filter(([, { threadId }]) => threadId !== -1).map(([name]) => name);
  }

  /** Lets a loaded thread begin, and waits until it says that it has; gives what it says. */
  async open(name: string): Promise<{ kind: string }> {
    if (this.#stopping) throw new Error(`the master ends: ${name} does not begin`);
    const worker = this.get(name);
    this.#opened.add(name);
    worker.postMessage(OPEN);
    const message = await this.#heard(worker);
    this.#watch(name);
    return message;
  }

  get(name: string): Worker {
    const worker = this.#workers.get(name);
    if (worker === undefined) throw new Error(`there is no thread ${name}`);
    return worker;
  }

  /** From here on threads may end, and none begins. */
  expectEnd(): void {
    this.#stopping = true;
  }

  /** True: the thread has ended by itself. After `withinMs` it is ended by force. */
  async ended(name: string, withinMs: number): Promise<boolean> {
    const worker = this.get(name);
    if (worker.threadId === -1) return true;
    const exit = once(worker, 'exit').catch(() => undefined);
    if (await inTime(exit, Math.max(1, withinMs))) return true;
    await inTime(worker.terminate(), TERMINATE_MS_MAX);
    return false;
  }

  /** Resolves when none is in the middle of its modules, or after `withinMs`. */
  async allLoaded(withinMs: number): Promise<void> {
    await inTime(Promise.allSettled(this.#loads), withinMs);
  }

  /** Resolves when all have ended, or after `withinMs`: none that has begun is ended by force. */
  async allEnded(withinMs: number): Promise<void> {
    const ends = this.running.map((name) => once(this.get(name), 'exit'));
    await this.allLoaded(withinMs);
    for (const [name, worker] of this.#workers) {
      if (!this.#opened.has(name)) void worker.terminate();
    }
    await inTime(Promise.allSettled(ends), withinMs);
  }

  /** Why a thread cannot start is said by its error, so that is what this rejects with. */
  async #heard(worker: Worker): Promise<{ kind: string }> {
    try {
      const [message] = (await once(worker, 'message')) as [{ kind: string }];
      return message;
    } catch (error) {
      throw revived(error);
    }
  }

  #watch(name: string): void {
    const worker = this.get(name);
    worker.on('error', (error) => this.#died(name, error));
    worker.on('exit', (code) => this.#died(name, new Error(`the thread ended with ${code}`)));
  }

  #died(name: string, error: unknown): void {
    if (!this.#stopping) this.#onDeath(name, error);
  }
}
