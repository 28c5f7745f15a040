/**
 * The work that a shard does not do itself: mounts (only main talks to stores), background jobs,
 * and reports about the whole master. The composition root gives each shard an implementation that
 * sends messages to main. These calls are rare, so a promise for each is cheap enough.
 */
import type { PathFailure, StatusError } from '../../base/status.js';
import type { Caller } from '../executor/caller.js';
import type { AttributeChange } from '../ops/mechanism/attribute-change.js';

/** The caller, and how to report progress. */
export type ServiceCall = {
  readonly caller: Caller;
  /** With caller.clientId, the identity of the call across retries. */
  readonly callId: number;
  /** Aborted when the caller goes away or gives the call up. */
  readonly signal: AbortSignal;
  /** Absent when nobody asked for progress. */
  readonly onProgress?: (progress: JobProgress) => void;
};

export type JobProgress = {
  readonly job: number;
  readonly done: number;
  /** 0: not known yet. */
  readonly total: number;
  readonly failed: number;
  readonly bytes: number;
  readonly path: string;
};

/** The numbers are the wire's JobState. */
export type JobView = JobProgress & {
  readonly kind: string;
  readonly state: 0 | 1 | 2 | 3;
  readonly error?: StatusError | undefined;
  /** The first failures; `failed` counts all of them. */
  readonly failures: readonly PathFailure[];
  readonly startedMs: number;
  /** 0: not ended yet. */
  readonly endedMs: number;
  readonly report?: unknown;
};

export type MountRequest = {
  readonly path: string;
  readonly uri: string;
  readonly options: Readonly<Record<string, string>>;
  readonly readOnly: boolean;
  readonly shared: boolean;
};

export type UpdateMountRequest = {
  readonly path: string;
  /** An undefined field stays unchanged. */
  readonly options: Readonly<Record<string, string>> | undefined;
  readonly readOnly: boolean | undefined;
  readonly shared: boolean | undefined;
};

export type LoadRequest = {
  readonly path: string;
  /** 0 only the path, 1 its children, 2 everything below: the wire's Descendants. */
  readonly descendants: number;
  /** Resolve at once with the running job. */
  readonly detach: boolean;
};

/** `what`: the wire's Inspection. */
export type InspectionRequest = {
  readonly what: number;
  /** Of a backup: on the machine of the master. Of orphans and what moved: a mount. */
  readonly file: string;
  readonly force: boolean;
  /** Of orphans: a page. */
  readonly startAfter: string;
  readonly limit: number;
};

export type AttributesRequest = { readonly path: string; readonly change: AttributeChange };

/** What was deleted at or below a path; `expunge`: it goes for good. */
export type TrashRequest = {
  readonly path: string;
  readonly expunge: boolean;
  readonly limit: number;
};

export type Report = 'report' | 'locks' | 'journal' | 'config';

/** All rejections are StatusErrors or bugs. Changes resolve to the seq of the entry. */
export interface ShardServices {
  mount(call: ServiceCall, request: MountRequest): Promise<number>;
  unmount(call: ServiceCall, request: { readonly path: string }): Promise<number>;
  updateMount(call: ServiceCall, request: UpdateMountRequest): Promise<number>;
  /** setAttribute of a whole subtree; resolves when it has ended, parts may have failed. */
  setAttributes(call: ServiceCall, request: AttributesRequest): Promise<JobView>;
  load(call: ServiceCall, request: LoadRequest): Promise<JobView>;
  getJob(call: ServiceCall, request: { readonly job: number }): Promise<JobView>;
  cancelJob(call: ServiceCall, request: { readonly job: number }): Promise<JobView>;
  listJobs(call: ServiceCall): Promise<readonly JobView[]>;
  /** Counts or empties the trash; resolves to what becomes JSON. */
  trash(call: ServiceCall, request: TrashRequest): Promise<unknown>;
  /** Inspects the whole namespace; resolves to a value for JSON. */
  inspect(call: ServiceCall, request: InspectionRequest): Promise<unknown>;
  /** A value for the JSON of `orchard admin`. */
  report(call: ServiceCall, which: Report): Promise<unknown>;
}
