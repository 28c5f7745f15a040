/**
 * Messages between main and the threads of the background pool: plain data, since classes do not
 * survive the transfer. A task answers with an outcome, so that an expected failure keeps its code.
 * A task that rejects has met a bug.
 */
import type { MessagePort } from 'node:worker_threads';
import type { PlainStatus } from '../../base/status-form.js';
import type { Caller } from '../executor/caller.js';
import type { AttributeChange } from '../ops/mechanism/attribute-change.js';
import type { Config } from '../settings/config.js';
import type { LoadReport } from './load-report.js';
import type { OrphanReport } from './orphan-report.js';
import type { TrashReport } from './trash-report.js';
import type { WorkProgress } from './tree-load.js';

/** What every thread of the pool gets at its start. */
export type BackgroundData = {
  readonly memory: WebAssembly.Memory;
  readonly config: Config;
  /** Directory of tier 2. */
  readonly meta: string;
  /** Where `env:NAME` options of mounts are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Executor blocks of the pool's threads. */
  readonly firstExecutor: number;
  readonly executorCount: number;
};

/** Work over the whole namespace, in a thread of its own (master/inspections.ts). */
export type InspectRequest =
  | { readonly kind: 'verify' | 'digest'; readonly path: string }
  /** `path`: the file, on the machine of the master. */
  | { readonly kind: 'backup'; readonly path: string; readonly force: boolean };

/** What a store keeps and the namespace does not show: a page of it (orphan-search.ts). */
export type OrphanRequest = {
  readonly kind: 'orphans';
  readonly path: string;
  readonly startAfter: string;
  readonly limit: number;
};

export type JobRequest = WorkRequest | InspectRequest;

/** Work that users ask for, with progress. */
export type WorkRequest =
  | {
      readonly kind: 'load';
      readonly path: string;
      readonly descendants: 'none' | 'one' | 'all';
      readonly caller: Caller;
    }
  | {
      readonly kind: 'setAttribute';
      readonly path: string;
      readonly change: AttributeChange;
      readonly caller: Caller;
    }
  | OrphanRequest
  /** What was deleted at or below the path: how much, and the first entries. */
  | {
      readonly kind: 'trash';
      readonly path: string;
      readonly caller: Caller;
      readonly limit: number;
      /** The count ends there; Infinity is none. */
      readonly inodesMax: number;
    }
  | { readonly kind: 'expunge'; readonly path: string; readonly caller: Caller };

/** Work of the duties; each run is bounded. */
export type Duty = 'expire' | 'reclaim' | 'leases';

export type Task =
  | {
      readonly kind: 'load';
      readonly path: string;
      readonly children: boolean;
      readonly again: boolean;
    }
  | { readonly kind: 'job'; readonly request: WorkRequest; readonly port: MessagePort }
  | { readonly kind: 'duty'; readonly duty: Duty; readonly nowMs: number };

/** Over a job's port: progress to main, 'cancel' to the thread. */
export type JobMessage = { readonly progress: WorkProgress };
export const CANCEL = 'cancel';

/** What work has found, by its kind. */
export type WorkReport = LoadReport | OrphanReport | TrashReport | { readonly expunged: number };

export type TaskOutcome =
  | {
      readonly ok: true;
      readonly progress: WorkProgress;
      /** Why parts of it failed, with the first failures. */
      readonly error?: PlainStatus;
      readonly failures?: readonly PlainStatus[];
      readonly report?: WorkReport;
    }
  | { readonly ok: false; readonly failure: PlainStatus };

export const NO_PROGRESS: WorkProgress = { done: 0, total: 0, failed: 0, bytes: 0, path: '' };
