/**
 * What main does for the whole master: it speaks with stores (mounts), keeps the job table and the
 * background pool, runs the duties and the HTTP port, and reports. Shards reach it through an
 * Channel each.
 */

import { dirname } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { absolutePath } from '../../base/absolute-path.js';
import type { Environment } from '../../base/settings.js';
import { type Answers, Channel } from '../../process/channel.js';
import { inTime } from '../../process/ending.js';
import type { Log } from '../../process/log.js';
import { SkipCount } from '../../stores/skips.js';
import { DiskWatcher } from '../background/disk-watcher.js';
import { Duties } from '../background/duties.js';
import { type Job, type JobCaller, Jobs } from '../background/jobs.js';
import { mayLoad } from '../background/load-access.js';
import type { LoadReport } from '../background/load-report.js';
import { LoadService } from '../background/load-service.js';
import { openStores } from '../background/open-stores.js';
import { BackgroundPool, loadReportOf } from '../background/pool.js';
import type { StoreCache } from '../background/store-cache.js';
import type { JobRequest, WorkRequest } from '../background/tasks.js';
import type { WorkProgress } from '../background/tree-load.js';
import type { Caller } from '../executor/caller.js';
import { Executor } from '../executor/executor.js';
import type { LockReport } from '../executor/lock-row.js';
import { namespaceRules } from '../executor/namespace-rules.js';
import { Scheduler } from '../executor/scheduler.js';
import type { InspectionRequest, LoadRequest, Report, TrashRequest } from '../handler/services.js';
import type { JournalPart } from '../journal/journal.js';
import { callSums, jobCounters } from '../memory/counters.js';
import type { KernelExports } from '../memory/exports.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { checkSuper } from '../ops/mechanism/access.js';
import { type Config, describeConfig } from '../settings/config.js';
import type { Tier2 } from '../storage/tier2.js';
import { CallRates } from './call-rates.js';
import { FORMAT } from './data-directory.js';
import { inspectionOf, isInspection } from './inspection-requests.js';
import { Inspections } from './inspections.js';
import { mountAnswers } from './mount-answers.js';
import { type JournalPlace, openJournal } from './open-journal.js';
import { plain, throwFailure } from './plain-job.js';
import { journalReport, masterReport, type ReportSources } from './report.js';
import { planExecutors } from './thread-data.js';
import type {
  MainQuestions,
  PlainJob,
  ServiceRequest,
  ServingQuestions,
} from './thread-questions.js';
import { trashFigures } from './trash-figures.js';

export type ServicesOptions = {
  readonly config: Config;
  readonly environment: Environment;
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly tier2: Tier2;
  readonly log: Log;
  readonly clusterId: string;
  readonly version: string;
  /** Directory of tier 2. */
  readonly meta: string;
  readonly journal: JournalPlace;
  /** Paths on the disks that must not fill. */
  readonly disks: readonly string[];
  readonly onBug: (error: unknown) => void;
};

const DESCENDANTS = ['none', 'one', 'all'] as const;

export class MasterServices {
  readonly executor: Executor;
  readonly scheduler: Scheduler;
  readonly stores: StoreCache;
  readonly jobs: Jobs;
  readonly pool: BackgroundPool;
  readonly loads: LoadService;
  readonly #options: ServicesOptions;
  readonly #inspections: Inspections;
  readonly #duties: Duties;
  readonly #disk: DiskWatcher;
  readonly #report: ReportSources;
  /** Since the start. */
  readonly #skipped = new SkipCount();
  readonly #rates: CallRates;
  readonly #shards: Channel<ServingQuestions, MainQuestions>[] = [];
  #isAbandoned = false;
  /** Calls of shards that can be given up, by shard and token. */
  readonly #interest = new Map<string, AbortController>();

  constructor(options: ServicesOptions) {
    const { config, shared, kernel, tier2 } = options;
    const plan = planExecutors(config);
    this.#options = options;
    this.executor = new Executor({
      ...namespaceRules(config),
      index: plan.main,
      shared,
      kernel,
      tier2,
      loader: { load: (...asked) => this.loads.load(...asked) },
    });
    const { callsParkedMax: parkedMax } = config;
    this.scheduler = new Scheduler(this.executor, { parkedMax, onBug: options.onBug });
    this.stores = openStores(this.executor, config, options.environment);
    this.pool = new BackgroundPool({
      memory: shared.memory,
      config,
      meta: options.meta,
      environment: { ...options.environment },
      firstExecutor: plan.firstBackground,
      executorCount: config.backgroundThreads,
      onBug: options.onBug,
    });
    this.loads = new LoadService({
      mounts: this.executor.mounts,
      timeoutMs: config.ufsTimeoutMs,
      load: async (path, ...how) => this.#tellSkipped(path, await this.pool.load(path, ...how)),
    });
    this.#inspections = this.#makeInspections();
    this.jobs = new Jobs(
      (request, signal, onProgress) =>
        isInspection(request)
          ? this.#inspections.run(request, signal, onProgress)
          : this.#work(request, signal, onProgress),
      options.onBug,
      jobCounters(shared, plan.main),
    );
    this.#duties = new Duties({
      ...config,
      run: (duty, nowMs) => this.pool.duty(duty, nowMs),
      onBug: options.onBug,
    });
    this.#disk = new DiskWatcher({
      shared,
      paths: options.disks,
      reserveBytes: config.diskReserveBytes,
      onChange: (disk) => {
        options.log.warn({ ...disk }, 'free disk crossed ORCHARD_DISK_RESERVE_BYTES');
      },
    });
    this.#rates = new CallRates(() => callSums(shared));
    const { clusterId, version } = options;
    this.#report = {
      shared,
      kernel,
      tier2,
      config,
      plan,
      clusterId,
      version,
      startedMs: Date.now(),
      rates: () => this.#rates.now(),
    };
  }

  async start(): Promise<void> {
    await this.pool.ready();
    await this.#disk.start();
    this.#duties.start();
    this.#rates.start();
  }

  /** From here on the shard's questions are answered. */
  connect(shard: Worker): void {
    const number = this.#shards.length;
    const { onBug } = this.#options;
    const channel = new Channel<ServingQuestions, MainQuestions>(
      shard,
      this.#answersFor(number),
      onBug,
    );
    this.#shards.push(channel);
    if (this.#isAbandoned) void channel.ask('abandon', {});
  }

  /** No new calls; resolves when the shards have answered their calls, or after the time. */
  async drain(withinMs: number): Promise<void> {
    // Callers are told while there are still shards to tell them.
    void this.jobs.close();
    await Promise.all(this.#shards.map((shard) => shard.ask('drain', { withinMs })));
  }

  /**
   * The shards give up their connections and end, without an answer to anybody, also one that has
   * just begun. Resolves when the threads of the background have ended.
   */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    for (const shard of this.#shards) void shard.ask('abandon', {});
    await this.pool.close();
  }

  /** Work that does not reach its next step in time ends with its thread. */
  async stop(withinMs: number): Promise<void> {
    this.#disk.stop();
    this.#rates.stop();
    await inTime(Promise.all([this.#duties.stop(), this.jobs.close()]), withinMs);
    await this.pool.close();
    await this.stores.close();
  }

  /** A job of the pool; entries that a load left out go to log and metrics too. */
  async #work(
    request: WorkRequest,
    signal: AbortSignal,
    onProgress: (progress: WorkProgress) => void,
  ) {
    const outcome = await this.pool.job(request, signal, onProgress);
    this.#tellSkipped(request.path, loadReportOf(outcome.report));
    return outcome;
  }

  #tellSkipped(path: string, report: LoadReport | undefined): void {
    if (report === undefined || report.skipped.count === 0) return;
    const { count, reasons } = report.skipped;
    this.#skipped.addAll({ count, reasons, samples: [] }, '');
    this.#options.log.warn({ path, count, reasons }, 'a load left out entries of the store');
  }

  async report(which: Report): Promise<unknown> {
    if (which === 'report') {
      const { superuser: user } = this.#options.config;
      const trash = await trashFigures(this.pool, { user, groups: [], clientId: 0 });
      return { ...masterReport(this.#report), disk: this.#disk.state, trash };
    }
    if (which === 'journal') return this.#journal();
    if (which === 'config') return describeConfig(this.#options.config);
    return this.#locks();
  }

  /** Reads all of it: some seconds for a journal of a gigabyte, in slices. */
  async #journal(): Promise<Record<string, unknown>> {
    const files: JournalPart[] = [];
    for await (const part of openJournal(this.#options.journal).parts()) files.push(part);
    return { ...journalReport(this.#report), files };
  }

  async #locks(): Promise<LockReport> {
    const now = performance.now();
    const all = await Promise.all(this.#shards.map((shard) => shard.ask('locks', {})));
    all.push(this.scheduler.report(now));
    const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
    return {
      holderCount: sum(all.map(({ holderCount }) => holderCount)),
      waiterCount: sum(all.map(({ waiterCount }) => waiterCount)),
      holders: all.flatMap(({ holders }) => holders),
      waiters: all.flatMap(({ waiters }) => waiters),
    };
  }

  #answersFor(shard: number): Answers<MainQuestions> {
    const key = (token: number): string => `${shard}:${token}`;
    return {
      loadPath: ({ path, children, again }) => this.loads.load(path, children, again),
      abort: ({ token }) => this.#interest.get(key(token))?.abort(),
      ...mountAnswers(this.scheduler, this.stores),
      setAttributes: (call) => {
        const { path, change } = call.request;
        const request = { kind: 'setAttribute', path, change, caller: call.caller } as const;
        return this.#finished(shard, call, request);
      },
      load: (call) => this.#load(shard, call),
      trash: (call) => this.#trash(shard, call),
      inspect: (call) => this.#inspect(shard, call),
      skips: () => this.#skipped.reasons,
      getJob: ({ caller, request }) => plain(this.jobs.get(request.job, this.#by(caller))),
      cancelJob: ({ caller, request }) => plain(this.jobs.cancel(request.job, this.#by(caller))),
      listJobs: ({ caller }) => this.jobs.list(this.#by(caller)).map(plain),
      report: ({ request }) => this.report(request.which),
    };
  }

  async #load(shard: number, call: ServiceRequest<LoadRequest>): Promise<PlainJob> {
    const descendants = DESCENDANTS[call.request.descendants] ?? 'all';
    const { caller } = call;
    const { path, detach } = call.request;
    await mayLoad(this.scheduler, caller, path);
    const request = { kind: 'load', path, descendants, caller } as const;
    if (detach) return plain(this.jobs.start(request, this.#by(caller)));
    return this.#runJob(shard, call, request);
  }

  async #trash(shard: number, call: ServiceRequest<TrashRequest>): Promise<unknown> {
    const { caller } = call;
    const { path: asked, expunge, limit } = call.request;
    const path = absolutePath('/', asked);
    const request = expunge
      ? ({ kind: 'expunge', path, caller } as const)
      : ({ kind: 'trash', path, caller, limit, inodesMax: Infinity } as const);
    return (await this.#finished(shard, call, request)).report;
  }

  async #inspect(shard: number, call: ServiceRequest<InspectionRequest>): Promise<unknown> {
    checkSuper(this.executor, call.caller, '/');
    const asked = inspectionOf(this.scheduler, call, () => journalReport(this.#report));
    if ('look' in asked) return this.#interested(shard, call, asked.look);
    return (await this.#finished(shard, call, asked.job)).report;
  }

  #makeInspections(): Inspections {
    const { meta, journal, clusterId, config, shared, log, version } = this.#options;
    const { clusterName, tier2MapBytes: mapBytes, diskReserveBytes: reserveBytes } = config;
    const origin = { dataFormat: FORMAT, version, clusterId, clusterName };
    const place = { dataDir: dirname(meta), backupDir: config.backupDir, meta, journal };
    return new Inspections(
      { ...place, memory: shared.memory, mapBytes, reserveBytes, origin },
      log,
    );
  }

  #by(caller: Caller): JobCaller {
    return { user: caller.user, isSuper: this.executor.isSuper(caller) };
  }

  /** Rejects when it has failed. */
  async #finished(shard: number, call: ServiceRequest<unknown>, request: JobRequest) {
    const job = await this.#runJob(shard, call, request);
    throwFailure(job);
    return job;
  }

  /** Starts a job and waits for its end; reports progress to the shard. */
  async #runJob(
    shard: number,
    call: ServiceRequest<unknown>,
    request: JobRequest,
  ): Promise<PlainJob> {
    const by = this.#by(call.caller);
    const { job } = this.jobs.start(request, by);
    return this.#interested(shard, call, async (signal) => {
      // A caller that leaves cancels the job; a detached job goes on.
      signal.addEventListener('abort', () => this.jobs.cancel(job, by), { once: true });
      const tell = (progress: Job): void => {
        const { token } = call;
        void this.#shards[shard]!.ask('progress', { token, progress: plain(progress) });
      };
      return plain(await this.jobs.wait(job, tell, signal));
    });
  }

  /** The signal aborts when the shard's caller waits no longer. */
  async #interested<T>(
    shard: number,
    { token }: ServiceRequest<unknown>,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const interest = new AbortController();
    const key = `${shard}:${token}`;
    this.#interest.set(key, interest);
    try {
      return await work(interest.signal);
    } finally {
      this.#interest.delete(key);
    }
  }
}
