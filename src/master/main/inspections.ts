/**
 * Work over the whole namespace while it is served (verify, digest, backup): each in a thread of
 * its own, one at a time, because each reads everything and writes a copy.
 *
 * The thread holds no locks and no executor, so a bug in it fails its job and nothing else.
 */

import { Worker } from 'node:worker_threads';
import { Code, StatusError } from '../../base/status.js';
import { fromPlain } from '../../base/status-form.js';
import type { Log } from '../../process/log.js';
import { CANCEL, type InspectRequest, NO_PROGRESS } from '../background/tasks.js';
import type { WorkProgress } from '../background/tree-load.js';
import type { InspectionData, InspectionMessage } from './inspection-data.js';

type Outcome = { readonly progress: WorkProgress; readonly report: unknown };

export class Inspections {
  readonly #data: Omit<InspectionData, 'request'>;
  readonly #log: Log;
  #running: string | undefined;

  constructor(data: Omit<InspectionData, 'request'>, log: Log) {
    this.#data = data;
    this.#log = log;
  }

  /** Rejects only with StatusError. */
  async run(
    request: InspectRequest,
    signal: AbortSignal,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<Outcome> {
    if (this.#running !== undefined) throw busy(this.#running);
    this.#running = request.kind;
    try {
      return await this.#inThread(request, signal, onProgress);
    } finally {
      this.#running = undefined;
    }
  }

  #inThread(
    request: InspectRequest,
    signal: AbortSignal,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<Outcome> {
    const workerData = { ...this.#data, request } satisfies InspectionData;
    const url = new URL('./inspection-thread.js', import.meta.url);
    const worker = new Worker(url, { workerData, name: request.kind });
    const cancel = (): void => worker.postMessage(CANCEL);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    return new Promise<Outcome>((resolve, reject) => {
      let progress = NO_PROGRESS;
      let settle = (): void => reject(broken(request.kind));
      worker.on('message', (message: InspectionMessage) => {
        if ('progress' in message) {
          progress = { ...NO_PROGRESS, ...message.progress };
          onProgress(progress);
        } else if ('report' in message) {
          settle = () => resolve({ progress, report: message.report });
        } else {
          settle = () => reject(fromPlain(message.failure));
        }
      });
      worker.on('error', (error) => {
        this.#log.error({ err: error }, `${request.kind} met a bug`);
      });
      // It ends when its files are closed and removed.
      worker.on('exit', () => {
        signal.removeEventListener('abort', cancel);
        settle();
      });
    });
  }
}

function busy(kind: string): StatusError {
  return new StatusError(Code.RESOURCE_EXHAUSTED, `A ${kind} is running already.`, {
    hint: 'Wait for it: orchard admin jobs',
  });
}

function broken(kind: string): StatusError {
  return new StatusError(Code.INTERNAL, `The ${kind} met a bug of Orchard.`, {
    hint: 'The log of the master has it; the namespace is not touched.',
  });
}
