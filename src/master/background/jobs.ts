/**
 * The job table, on main: recursive work that users ask for. A job runs in the background pool and
 * reports its progress. It goes on when its caller has left, until it ends or is cancelled. Jobs
 * end with the process; each may be started again.
 *
 * Only the user who started a job, and the superuser, can see and cancel it. Each user has a share
 * of the running jobs, and all users together leave some to the superuser.
 *
 * Invariant: at most RUNNING_MAX jobs run; of ended ones the newest ENDED_MAX are kept.
 */

import { Code, StatusError } from '../../base/status.js';
import { asStatus, type PlainStatus, toPlain } from '../../base/status-form.js';
import { type JobRequest, NO_PROGRESS } from './tasks.js';
import type { WorkProgress } from './tree-load.js';

const RUNNING_MAX = 64;
/** Limits for all users but the superuser together, and for each. */
const USERS_RUNNING_MAX = 48;
const USER_RUNNING_MAX = 16;
const ENDED_MAX = 256;

/** The numbers are the wire's. */
export const JobState = { RUNNING: 0, DONE: 1, FAILED: 2, CANCELLED: 3 } as const;
export type JobState = (typeof JobState)[keyof typeof JobState];

/** Plain data: it goes to other threads as it is. */
export type Job = WorkProgress & {
  readonly job: number;
  readonly kind: string;
  /** The user who started it. */
  readonly user: string;
  readonly state: JobState;
  readonly startedMs: number;
  /** 0 while it runs. */
  readonly endedMs: number;
  /** Why it failed; for a finished job with failures, why the first of them failed. */
  readonly error: PlainStatus | undefined;
  /** The first parts of it that failed; `failed` counts them all. */
  readonly failures: readonly PlainStatus[];
  /** What it has found, for those that look for something. */
  readonly report?: unknown;
};

/** Who asks. */
export type JobCaller = { readonly user: string; readonly isSuper: boolean };

export type JobRunner = (
  request: JobRequest,
  signal: AbortSignal,
  onProgress: (progress: WorkProgress) => void,
) => Promise<{
  readonly progress: WorkProgress;
  readonly error?: PlainStatus;
  readonly failures?: readonly PlainStatus[];
  readonly report?: unknown;
}>;

type Row = {
  job: Job;
  readonly cancel: AbortController;
  readonly isSuper: boolean;
  readonly listeners: Set<(job: Job) => void>;
  readonly ended: Promise<void>;
};

export class Jobs {
  readonly #run: JobRunner;
  readonly #onBug: (error: unknown) => void;
  readonly #rows = new Map<number, Row>();
  /** How many jobs are, or ended, in each state. */
  readonly #counts: Float64Array<ArrayBufferLike>;
  #nextId = 1;

  constructor(
    run: JobRunner,
    onBug: (error: unknown) => void,
    counts: Float64Array<ArrayBufferLike> = new Float64Array(4),
  ) {
    this.#run = run;
    this.#onBug = onBug;
    this.#counts = counts;
  }

  start(request: JobRequest, by: JobCaller): Job {
    this.#refuseTooMany(request, by);
    const id = this.#nextId++;
    const cancel = new AbortController();
    const job: Job = {
      ...NO_PROGRESS,
      path: request.path,
      job: id,
      kind: request.kind,
      user: by.user,
      state: JobState.RUNNING,
      startedMs: Date.now(),
      endedMs: 0,
      error: undefined,
      failures: [],
    };
    const row: Row = {
      job,
      cancel,
      isSuper: by.isSuper,
      listeners: new Set(),
      ended: Promise.resolve().then(() => this.#work(id, request)),
    };
    this.#rows.set(id, row);
    this.#counts[JobState.RUNNING]!++;
    return job;
  }

  get(id: number, by: JobCaller): Job {
    return this.#rowOf(id, by).job;
  }

  /** Those that the caller may see, newest first. */
  list(by: JobCaller): readonly Job[] {
    const rows = [...this.#rows.values()].filter(({ job }) => isMine(job, by));
    return rows.map(({ job }) => job).reverse();
  }

  /** Asks it to end; finished work stays. */
  cancel(id: number, by: JobCaller): Job {
    const row = this.#rowOf(id, by);
    if (row.job.state === JobState.RUNNING) row.cancel.abort();
    return row.job;
  }

  /** The job when it has ended; `onProgress` is called until then, or until `signal`. */
  async wait(
    id: number,
    onProgress: (job: Job) => void = () => undefined,
    signal?: AbortSignal,
  ): Promise<Job> {
    const row = this.#row(id);
    row.listeners.add(onProgress);
    signal?.addEventListener('abort', () => row.listeners.delete(onProgress), { once: true });
    await row.ended;
    row.listeners.delete(onProgress);
    return row.job;
  }

  /** Cancels all, and resolves when they have ended. */
  async close(): Promise<void> {
    for (const { cancel } of this.#rows.values()) cancel.abort();
    await Promise.all([...this.#rows.values()].map(({ ended }) => ended));
  }

  async #work(id: number, request: JobRequest): Promise<void> {
    const row = this.#row(id);
    try {
      const outcome = await this.#run(request, row.cancel.signal, (progress) => {
        if (row.job.state !== JobState.RUNNING) return;
        this.#change(row, { ...progress });
      });
      const { error, failures = [] } = outcome;
      const ended = { path: request.path, state: JobState.DONE, error, failures };
      this.#change(row, {
        ...outcome.progress,
        ...ended,
        report: outcome.report,
        endedMs: Date.now(),
      });
    } catch (error) {
      if (!(error instanceof StatusError)) this.#onBug(error);
      const state = row.cancel.signal.aborted ? JobState.CANCELLED : JobState.FAILED;
      const change = { path: request.path, state, error: toPlain(asStatus(error)) };
      this.#change(row, { ...change, endedMs: Date.now() });
    }
    this.#forgetOld();
  }

  #change(row: Row, change: Partial<Job>): void {
    const { state } = row.job;
    row.job = { ...row.job, ...change };
    if (row.job.state !== state) {
      this.#counts[state]!--;
      this.#counts[row.job.state]!++;
    }
    for (const listener of row.listeners) listener(row.job);
  }

  #refuseTooMany({ path }: JobRequest, by: JobCaller): void {
    const running = [...this.#rows.values()].filter(({ job }) => job.state === JobState.RUNNING);
    if (running.length >= RUNNING_MAX) throw tooMany(path, `${RUNNING_MAX} jobs are`);
    if (by.isSuper) return;
    const ofUsers = running.filter(({ isSuper }) => !isSuper);
    const own = ofUsers.filter(({ job }) => job.user === by.user);
    if (own.length >= USER_RUNNING_MAX) throw tooMany(path, `${own.length} jobs of yours are`);
    if (ofUsers.length >= USERS_RUNNING_MAX) {
      throw tooMany(path, `${ofUsers.length} jobs, as many as users may have, are`);
    }
  }

  #rowOf(id: number, by: JobCaller): Row {
    const row = this.#row(id);
    if (isMine(row.job, by)) return row;
    throw new StatusError(
      Code.PERMISSION_DENIED,
      `Permission denied: job ${id} is not one of ${by.user}.`,
      { hint: 'Ask whoever started it, or a superuser; `orchard admin jobs` shows your own.' },
    );
  }

  #forgetOld(): void {
    const ended = [...this.#rows].filter(([, { job }]) => job.state !== JobState.RUNNING);
    for (const [id] of ended.slice(0, Math.max(0, ended.length - ENDED_MAX))) this.#rows.delete(id);
  }

  #row(id: number): Row {
    const row = this.#rows.get(id);
    if (row !== undefined) return row;
    throw new StatusError(Code.NOT_FOUND, `There is no job ${id}.`, {
      hint: 'Jobs end with the master, and old ones are forgotten.',
    });
  }
}

const isMine = (job: Job, by: JobCaller): boolean => by.isSuper || job.user === by.user;

const tooMany = (path: string, which: string): StatusError =>
  new StatusError(Code.RESOURCE_EXHAUSTED, `${which} running already.`, {
    path,
    hint: 'Wait for one to end, or cancel one: orchard admin jobs --cancel <job>',
  });
