/** The questions between main and the threads that serve calls, over a Channel. */
import type { PlainStatus } from '../../base/status-form.js';
import type { Caller } from '../executor/caller.js';
import type { LockReport } from '../executor/lock-row.js';
import type {
  AttributesRequest,
  InspectionRequest,
  JobProgress,
  JobView,
  LoadRequest,
  MountRequest,
  Report,
  TrashRequest,
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

/** Asked of main, by shards and doors. */
export type MainQuestions = {
  /** For a call that needs metadata which only a store has yet. */
  readonly loadPath: (given: {
    readonly path: string;
    readonly children: boolean;
    readonly again: boolean;
  }) => void;
  /** Nobody waits for the call of this token any more. */
  readonly abort: (given: { readonly token: number }) => void;
  readonly mount: (call: ServiceRequest<MountRequest>) => number;
  readonly unmount: (call: ServiceRequest<{ readonly path: string }>) => number;
  readonly updateMount: (call: ServiceRequest<UpdateMountRequest>) => number;
  readonly setAttributes: (call: ServiceRequest<AttributesRequest>) => PlainJob;
  readonly load: (call: ServiceRequest<LoadRequest>) => PlainJob;
  readonly trash: (call: ServiceRequest<TrashRequest>) => unknown;
  readonly inspect: (call: ServiceRequest<InspectionRequest>) => unknown;
  /** Entries of stores that loads have left out since the start, by reason. */
  readonly skips: (given: object) => Readonly<Record<string, number>>;
  readonly getJob: (call: ServiceRequest<{ readonly job: number }>) => PlainJob;
  readonly cancelJob: (call: ServiceRequest<{ readonly job: number }>) => PlainJob;
  readonly listJobs: (call: ServiceRequest<object>) => PlainJob[];
  readonly report: (call: ServiceRequest<{ readonly which: Report }>) => unknown;
};

/** Asked of a shard or a door, by main. */
export type ServingQuestions = {
  /** Progress of the job of this token. */
  readonly progress: (given: { readonly token: number; readonly progress: JobProgress }) => void;
  readonly locks: (given: object) => LockReport;
  /** Lets calls in flight end; then the thread ends. */
  readonly drain: (given: { readonly withinMs: number }) => void;
  /** Ends the thread without answers. */
  readonly abandon: (given: object) => void;
};
