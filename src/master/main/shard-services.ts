/**
 * ShardServices by messages to main: what a shard cannot do itself. Progress and the end of
 * interest cross as messages of their own, under a number that the shard chose.
 */
import { fromPlain, type PlainStatus } from '../../base/status-form.js';
import type { Answers, Exchange } from '../../process/exchange.js';
import type { Caller } from '../executor/caller.js';
import type { Loader } from '../executor/executor.js';
import type {
  AttributesRequest,
  InspectionRequest,
  JobProgress,
  JobView,
  LoadRequest,
  MountRequest,
  Report,
  ServiceCall,
  ShardServices,
  UpdateMountRequest,
} from '../handler/services.js';

/** What main is asked for. `token`: 0, or where progress and an abort belong. */
export type ServiceRequest<T> = {
  readonly caller: Caller;
  readonly callId: number;
  readonly token: number;
  readonly request: T;
};

/** A job on its way between threads: errors do not survive structured clone. */
export type PlainJob = Omit<JobView, 'error'> & {
  readonly failure?: PlainStatus;
};

export class RemoteServices implements ShardServices {
  #exchange: Exchange | undefined;
  readonly #progress = new Map<number, (progress: JobProgress) => void>();
  #nextToken = 1;

  /** What main asks of this side. */
  readonly answers: Answers = {
    progress: ({ token, progress }: { token: number; progress: JobProgress }) => {
      this.#progress.get(token)?.(progress);
    },
  };

  connect(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  /** For calls that meet metadata which only a store knows yet. */
  readonly loader: Loader = {
    load: (path, children) => this.#to().ask('loadPath', { path, children }),
  };

  async load(call: ServiceCall, request: LoadRequest): Promise<JobView> {
    return revive(await this.#call<PlainJob>('load', call, request));
  }

  mount(call: ServiceCall, request: MountRequest): Promise<number> {
    return this.#call('mount', call, request);
  }

  unmount(call: ServiceCall, request: { readonly path: string }): Promise<number> {
    return this.#call('unmount', call, request);
  }

  updateMount(call: ServiceCall, request: UpdateMountRequest): Promise<number> {
    return this.#call('updateMount', call, request);
  }

  async setAttributes(call: ServiceCall, request: AttributesRequest): Promise<JobView> {
    return revive(await this.#call<PlainJob>('setAttributes', call, request));
  }

  async getJob(call: ServiceCall, request: { readonly job: number }): Promise<JobView> {
    return revive(await this.#call<PlainJob>('getJob', call, request));
  }

  async cancelJob(call: ServiceCall, request: { readonly job: number }): Promise<JobView> {
    return revive(await this.#call<PlainJob>('cancelJob', call, request));
  }

  async listJobs(call: ServiceCall): Promise<readonly JobView[]> {
    return (await this.#call<PlainJob[]>('listJobs', call, {})).map(revive);
  }

  inspect(call: ServiceCall, request: InspectionRequest): Promise<unknown> {
    return this.#call('inspect', call, request);
  }

  report(call: ServiceCall, which: Report): Promise<unknown> {
    return this.#call('report', call, { which });
  }

  async #call<T>(what: string, call: ServiceCall, request: unknown): Promise<T> {
    const { caller, callId, signal, onProgress } = call;
    const token = this.#nextToken++;
    const abort = (): void => void this.#to().ask('abort', { token });
    if (onProgress !== undefined) this.#progress.set(token, onProgress);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#to().ask<T>(what, { caller, callId, token, request });
    } finally {
      signal.removeEventListener('abort', abort);
      this.#progress.delete(token);
    }
  }

  #to(): Exchange {
    if (this.#exchange === undefined) throw new Error('not connected to main yet');
    return this.#exchange;
  }
}

function revive({ failure, ...job }: PlainJob): JobView {
  return failure === undefined ? job : { ...job, error: fromPlain(failure) };
}
