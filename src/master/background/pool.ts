/**
 * The background pool as main sees it: piscina over background-thread.js, with as many threads as
 * executor blocks are kept for it.
 *
 * Tasks mostly wait for stores, so a thread takes many at a time; what may wait beyond that is
 * bounded. A thread that ends is a bug: its executor may hold locks, so the process must end.
 */

import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { Code, StatusError } from '../../base/status.js';
import { fromPlain } from '../../base/status-form.js';
import { OpeningGate } from '../memory/opening-gate.js';
import { SharedMemory } from '../memory/shared-memory.js';
import type { LoadReport } from './load-report.js';
import {
  type BackgroundData,
  CANCEL,
  type Duty,
  type JobMessage,
  type Task,
  type TaskOutcome,
  type WorkRequest,
} from './tasks.js';
import type { WorkProgress } from './tree-load.js';

/** Tasks of one thread; loads of one mount are bounded far below (load-service.ts). */
const TASKS_PER_THREAD = 1024;
const TASKS_WAITING_MAX = 16_384;
const RETRY_AFTER_MS = 200;
/** How long a thread may take to open its files, which must not be ended meanwhile. */
const OPENING_MS_MAX = 2000;

export type BackgroundPoolOptions = BackgroundData & {
  /** A thread has ended, or a task met a bug. */
  readonly onBug: (error: unknown) => void;
};

type Done = Extract<TaskOutcome, { ok: true }>;

export class BackgroundPool {
  readonly #piscina: Piscina<Task, TaskOutcome>;
  readonly #onBug: (error: unknown) => void;
  readonly #gate: OpeningGate;
  #closing = false;

  constructor(options: BackgroundPoolOptions) {
    const { onBug, ...workerData } = options;
    this.#onBug = onBug;
    this.#gate = new OpeningGate(new SharedMemory(options.memory));
    this.#piscina = new Piscina<Task, TaskOutcome>({
      filename: new URL('./background-thread.js', import.meta.url).href,
      name: 'run',
      minThreads: options.executorCount,
      maxThreads: options.executorCount,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: TASKS_PER_THREAD,
      maxQueue: TASKS_WAITING_MAX,
      // A thread that blocks for its next task could not finish the rest of earlier tasks.
      atomics: 'disabled',
      recordTiming: false,
      workerData: workerData satisfies BackgroundData,
    });
    this.#piscina.on('error', (error: unknown) => this.#bug(error));
    this.#piscina.on('workerDestroy', () => {
      this.#bug(new Error('a background thread has ended'));
    });
  }

  /** Resolves when every thread runs. */
  async ready(): Promise<void> {
    await Promise.all(
      this.#piscina.threads.map(async (thread) => {
        if (thread.threadId <= 0) await once(thread, 'online');
      }),
    );
  }

  /** Loads the metadata that a call waits for. */
  async load(path: string, children: boolean, again: boolean): Promise<LoadReport | undefined> {
    const { report } = await this.#run({ kind: 'load', path, children, again });
    return loadReportOf(report);
  }

  /** One run of a duty, by a believed clock; returns how many inodes it dealt with. */
  async duty(duty: Duty, nowMs: number): Promise<number> {
    const { progress } = await this.#run({ kind: 'duty', duty, nowMs });
    return progress.done;
  }

  /** Rejects with CANCELLED after `signal`. */
  async job(
    request: WorkRequest,
    signal: AbortSignal,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<Done> {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ({ progress }: JobMessage) => onProgress(progress));
    const cancel = (): void => port1.postMessage(CANCEL);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      return await this.#run({ kind: 'job', request, port: port2 }, [port2]);
    } finally {
      signal.removeEventListener('abort', cancel);
      port1.close();
    }
  }

  /** Ends the threads; callers start their work again later. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#gate.close(OPENING_MS_MAX);
    await this.#piscina.destroy();
  }

  async #run(task: Task, transferList: MessagePort[] = []): Promise<Done> {
    if (this.#closing) throw stopping();
    const outcome = await this.#piscina
      .run(task, { transferList: transferList as never[] })
      .catch((error: unknown) => {
        if (this.#closing) throw stopping();
        if (isFull(error)) throw tooMany();
        this.#bug(error);
        throw error;
      });
    if (outcome.ok) return outcome;
    throw fromPlain(outcome.failure);
  }

  #bug(error: unknown): void {
    if (!this.#closing) this.#onBug(error);
  }
}

type MessagePort = InstanceType<typeof MessageChannel>['port1'];

/** Of a load: others report something else. */
export const loadReportOf = (report: Done['report']): LoadReport | undefined =>
  report !== undefined && 'skipped' in report ? report : undefined;

const isFull = (error: unknown): boolean =>
  error instanceof Error && /queue is at limit|No task queue/.test(error.message);

const tooMany = (): StatusError =>
  new StatusError(Code.RESOURCE_EXHAUSTED, 'Too much background work is waiting.', {
    hint: 'Try again later.',
    retryAfterMs: RETRY_AFTER_MS,
  });

const stopping = (): StatusError =>
  new StatusError(Code.UNAVAILABLE, 'The master is stopping.', {
    hint: 'Try again when it is up.',
  });
