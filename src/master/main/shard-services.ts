/**
 * ShardServices by messages to main, for work that a shard cannot do itself. Progress and
 * cancellation are messages of their own, under a number that the shard chose.
 */
import { fromPlain } from '../../base/status-form.js';
import type { Answers, Channel } from '../../process/channel.js';
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
  TrashRequest,
  UpdateMountRequest,
} from '../handler/services.js';
import type { MainQuestions, PlainJob, ServingQuestions } from './thread-questions.js';

type ServingChannel = Channel<MainQuestions, ServingQuestions>;
/** Questions that have a caller. */
type ServiceName = Exclude<keyof MainQuestions, 'loadPath' | 'abort' | 'skips'>;

export class RemoteServices implements ShardServices {
  #channel: ServingChannel | undefined;
  readonly #progress = new Map<number, (progress: JobProgress) => void>();
  #nextToken = 1;

  /** What main asks of this side. */
  readonly answers: Pick<Answers<ServingQuestions>, 'progress'> = {
    progress: ({ token, progress }) => {
      this.#progress.get(token)?.(progress);
    },
  };

  connect(channel: ServingChannel): void {
    this.#channel = channel;
  }

  /** For calls that need metadata which only a store has yet. */
  readonly loader: Loader = {
    load: (path, children, again) => this.#to().ask('loadPath', { path, children, again }),
  };

  async load(call: ServiceCall, request: LoadRequest): Promise<JobView> {
    return revive(await this.#call('load', call, request));
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
    return revive(await this.#call('setAttributes', call, request));
  }

  async getJob(call: ServiceCall, request: { readonly job: number }): Promise<JobView> {
    return revive(await this.#call('getJob', call, request));
  }

  async cancelJob(call: ServiceCall, request: { readonly job: number }): Promise<JobView> {
    return revive(await this.#call('cancelJob', call, request));
  }

  async listJobs(call: ServiceCall): Promise<readonly JobView[]> {
    return (await this.#call('listJobs', call, {})).map(revive);
  }

  trash(call: ServiceCall, request: TrashRequest): Promise<unknown> {
    return this.#call('trash', call, request);
  }

  inspect(call: ServiceCall, request: InspectionRequest): Promise<unknown> {
    return this.#call('inspect', call, request);
  }

  report(call: ServiceCall, which: Report): Promise<unknown> {
    return this.#call('report', call, { which });
  }

  async #call<W extends ServiceName>(
    what: W,
    call: ServiceCall,
    request: Parameters<MainQuestions[W]>[0]['request'],
  ): Promise<ReturnType<MainQuestions[W]>> {
    const { caller, callId, signal, onProgress } = call;
    const token = this.#nextToken++;
    const abort = (): void => void this.#to().ask('abort', { token });
    if (onProgress !== undefined) this.#progress.set(token, onProgress);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const given = { caller, callId, token, request } as Parameters<MainQuestions[W]>[0];
      return (await this.#to().ask(what, given)) as ReturnType<MainQuestions[W]>;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#progress.delete(token);
    }
  }

  #to(): ServingChannel {
    if (this.#channel === undefined) throw new Error('not connected to main yet');
    return this.#channel;
  }
}

function revive({ failure, ...job }: PlainJob): JobView {
  return failure === undefined ? job : { ...job, error: fromPlain(failure) };
}
