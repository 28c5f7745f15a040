/**
 * One thread of the background pool: its executor, its scheduler, its open stores, and what it does
 * with each kind of task. It runs many tasks at a time, because they mostly wait.
 */

import { Code, StatusError } from '../../base/status.js';
import { toPlain } from '../../base/status-form.js';
import { claimExecutor } from '../executor/claims.js';
import { Executor } from '../executor/executor.js';
import { namespaceRules } from '../executor/namespace-rules.js';
import { isReadOnly, readOnlyRefusal } from '../executor/read-only.js';
import { Scheduler } from '../executor/scheduler.js';
import { instantiate } from '../memory/kernel.js';
import { OpeningGate } from '../memory/opening-gate.js';
import { SharedMemory } from '../memory/shared-memory.js';
import { Tier2 } from '../storage/tier2.js';
import type { LoadContext } from './directory-load.js';
import { Expirer } from './expirer.js';
import { LeftUploads } from './left-uploads.js';
import type { LoadReport } from './load-report.js';
import { loadShallow } from './load-shallow.js';
import { MetadataLoader } from './metadata-loader.js';
import { openStores } from './open-stores.js';
import { OrphanSearch } from './orphan-search.js';
import { Reclaimer } from './reclaimer.js';
import { SetAttributeTree } from './set-attribute-tree.js';
import { uploadNotes } from './store-rules.js';
import {
  type BackgroundData,
  CANCEL,
  type Duty,
  type JobMessage,
  NO_PROGRESS,
  type Task,
  type TaskOutcome,
  type WorkRequest,
} from './tasks.js';
import { Trash } from './trash.js';
import { TreeLoad, type WorkControl, type WorkProgress } from './tree-load.js';
import type { WorkFailures } from './work-failures.js';
import { WriteLeases } from './write-leases.js';

export class BackgroundWorker {
  readonly #context: LoadContext;
  readonly #loader: MetadataLoader;
  readonly #expirer: Expirer;
  readonly #reclaimer: Reclaimer;
  readonly #leases: WriteLeases;
  readonly #uploads: LeftUploads;

  constructor(data: BackgroundData, onBug: (error: unknown) => void) {
    const { config } = data;
    const shared = new SharedMemory(data.memory);
    const gate = new OpeningGate(shared);
    const index = claimExecutor(shared, data.firstExecutor, data.executorCount);
    const executor = new Executor({
      ...namespaceRules(config),
      index,
      shared,
      kernel: instantiate(data.memory, index),
      tier2: new Tier2(data.meta, { mapBytes: config.tier2MapBytes, gate }),
    });
    const scheduler = new Scheduler(executor, { parkedMax: config.callsParkedMax, onBug });
    const stores = openStores(executor, config, data.environment);
    this.#context = {
      scheduler,
      stores,
      caller: { user: config.superuser, groups: [], clientId: 0 },
      pageEntries: config.loadBatch,
    };
    this.#loader = new MetadataLoader(this.#context);
    this.#expirer = new Expirer(this.#context);
    this.#reclaimer = new Reclaimer(this.#context);
    this.#leases = new WriteLeases(this.#context, config.writeLeaseMs);
    this.#uploads = new LeftUploads(this.#context, uploadNotes(config));
  }

  async run(task: Task): Promise<TaskOutcome> {
    try {
      return await this.#run(task);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { ok: false, failure: toPlain(error) };
    }
  }

  async #run(task: Task): Promise<TaskOutcome> {
    switch (task.kind) {
      case 'load':
        return {
          ok: true,
          progress: NO_PROGRESS,
          report: await this.#loader.loadCounted(task.path, task.children, task.again),
        };
      case 'duty':
        return this.#duty(task.duty, task.nowMs);
      case 'job':
        return this.#job(task.request, task.port);
    }
  }

  async #duty(duty: Duty, nowMs: number): Promise<TaskOutcome> {
    const runs = {
      expire: () => this.#expirer.run(nowMs),
      reclaim: () => this.#reclaimer.run(),
      leases: async () => (await this.#uploads.run()) + (await this.#leases.run(nowMs)),
    };
    const done = await runs[duty]();
    return { ok: true, progress: { ...NO_PROGRESS, done } };
  }

  async #job(request: WorkRequest, port: Extract<Task, { kind: 'job' }>['port']) {
    const cancel = new AbortController();
    port.on('message', (message: unknown) => {
      if (message === CANCEL) cancel.abort(cancelled(request.path));
    });
    const control: WorkControl = {
      signal: cancel.signal,
      onProgress: limited((progress) => port.postMessage({ progress } satisfies JobMessage)),
    };
    try {
      return await this.#work(request, control);
    } finally {
      port.close();
    }
  }

  async #work(request: WorkRequest, control: WorkControl): Promise<TaskOutcome> {
    if (request.kind === 'orphans') {
      const search = new OrphanSearch(this.#context, request, control);
      const report = await search.run();
      return { ok: true, progress: search.progress, report };
    }
    if (request.kind === 'trash') {
      const trash = new Trash(this.#context, request, control);
      const report = await trash.report(request.limit, request.inodesMax);
      return { ok: true, progress: trash.progress, report };
    }
    const { shared } = this.#context.scheduler.executor;
    if (isReadOnly(shared)) throw readOnlyRefusal(request.path);
    if (request.kind === 'load' && request.descendants !== 'all') {
      const report = await loadShallow(this.#context, request, control);
      return { ok: true, progress: NO_PROGRESS, report };
    }
    if (request.kind === 'load') {
      const load = new TreeLoad(this.#context, request.path, control, request.caller);
      return endOf(await load.run(), load.failures, load.report);
    }
    if (request.kind === 'expunge') {
      const trash = new Trash(this.#context, request, control);
      const report = { expunged: await trash.expunge() };
      return { ok: true, progress: trash.progress, report };
    }
    const work = new SetAttributeTree(this.#context, request, control);
    return endOf(await work.run(), work.failures);
  }
}

function endOf(
  progress: WorkProgress,
  { error, first }: WorkFailures,
  report?: LoadReport,
): TaskOutcome {
  const failures = first.map((part) => ({ ...toPlain(part.error), path: part.path }));
  return {
    ok: true,
    progress,
    ...(error !== undefined && { error: toPlain(error), failures }),
    ...(report !== undefined && { report }),
  };
}

/** Between two reports of one job. */
const PROGRESS_INTERVAL_MS = 250;

/** Drops reports that come too soon after the previous one. */
function limited<T>(report: (progress: T) => void): (progress: T) => void {
  let last = 0;
  return (progress) => {
    const now = performance.now();
    if (now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    report(progress);
  };
}

function cancelled(path: string): StatusError {
  return new StatusError(Code.CANCELLED, 'The job was cancelled.', { path });
}
