/**
 * What goes into and comes out of the client: plain objects, words instead of numbers. Times are
 * milliseconds since 1970, lengths bytes, ids whole numbers below 2^53.
 */
import type {
  FileStatus,
  LoadTypeName,
  TtlActionName,
  XattrPropagationName,
  Xattrs,
  XattrsIn,
  XattrUpdateName,
} from '../api/file-status.js';
import type { OrchardError, PathFailure } from './errors.js';

export type {
  FileStatus,
  LoadTypeName,
  TtlActionName,
  XattrPropagationName,
  Xattrs,
  XattrsIn,
  XattrUpdateName,
};

export type DescendantsName = 'none' | 'one' | 'all';
export type JobStateName = 'running' | 'done' | 'failed' | 'cancelled';

export type CallOptions = {
  readonly signal?: AbortSignal;
  /** From now, including retries and reconnects; 0 = none. Default: that of the client. */
  readonly deadlineMs?: number;
  /** Identifies the call: a repeat with the same id gets the first answer. */
  readonly callId?: number;
  /** false: RESOURCE_EXHAUSTED and UNAVAILABLE are reported at once. */
  readonly retry?: boolean;
};

export type GetStatusOptions = CallOptions & {
  readonly load?: LoadTypeName;
  /** Also xattrs and where the store has it. */
  readonly withAttributes?: boolean;
};

export type ListOptions = CallOptions & {
  readonly recursive?: boolean;
  /** Entries in one reply of the master. */
  readonly pageSize?: number;
  /** A name (recursive: a path below the listed one) that need not exist. */
  readonly startAfter?: string;
  /** Go on after this inode, wherever it is in the directory now. */
  readonly offsetId?: number;
  readonly prefix?: string;
  readonly withAttributes?: boolean;
  readonly load?: LoadTypeName;
};

export type ListPageOptions = ListOptions & { readonly cursor?: Uint8Array };

export type ListedPage = {
  readonly entries: readonly FileStatus[];
  /** For the next page; undefined when this one is the last. */
  readonly cursor: Uint8Array | undefined;
  readonly truncated: boolean;
  /** Children of the directory, -1 when the listing is recursive. */
  readonly fileCount: number;
};

type CreateOptions = CallOptions & {
  /** Make missing ancestors. */
  readonly recursive?: boolean;
  readonly mode?: number;
  readonly ttlMs?: number;
  readonly ttlAction?: TtlActionName;
  readonly xattrs?: XattrsIn;
  readonly xattrPropagation?: XattrPropagationName;
};

export type CreateFileOptions = CreateOptions & {
  readonly overwrite?: boolean;
  readonly blockSize?: number;
  readonly replicationMin?: number;
  readonly replicationMax?: number;
};

export type CreateDirectoryOptions = CreateOptions & { readonly allowExists?: boolean };

export type FileToCreate = Omit<CreateFileOptions, keyof CallOptions> & { readonly path: string };

export type CompleteFileOptions = CallOptions & {
  readonly length: number;
  readonly fingerprint?: number;
  readonly mtimeMs?: number;
};

export type DeleteOptions = CallOptions & {
  readonly recursive?: boolean;
  readonly skipTrash?: boolean;
  /** Also unmounts mount points below; then nothing goes into the trash. */
  readonly deleteMountPoints?: boolean;
  readonly alluxioOnly?: boolean;
};

/** An absent field stays unchanged. */
export type SetAttributeOptions = CallOptions & {
  readonly recursive?: boolean;
  readonly mode?: number;
  /** As in chmod: `u+rw,go=u-w`, applied to the mode of each inode. Instead of mode. */
  readonly modeChange?: string;
  readonly owner?: string;
  readonly group?: string;
  readonly ttlMs?: number;
  readonly ttlAction?: TtlActionName;
  readonly pinned?: boolean;
  readonly replicationMin?: number;
  readonly replicationMax?: number;
  readonly mtimeMs?: number;
  readonly xattrs?: XattrsIn;
  readonly xattrUpdate?: XattrUpdateName;
  readonly onProgress?: (progress: WorkProgress) => void;
};

export type WorkProgress = {
  readonly job: number;
  readonly done: number;
  /** 0: not known yet. */
  readonly total: number;
  readonly failed: number;
  readonly bytes: number;
  readonly path: string;
};

export type LoadOptions = CallOptions & {
  readonly descendants?: DescendantsName;
  /** Return at once, with the job. */
  readonly detach?: boolean;
  readonly onProgress?: (progress: WorkProgress) => void;
};

export type Job = WorkProgress & {
  readonly kind: string;
  readonly state: JobStateName;
  readonly startedMs: number;
  /** 0 while it runs. */
  readonly endedMs: number;
  /** The first failures; `failed` counts all of them. */
  readonly failures: readonly PathFailure[];
  readonly error?: OrchardError;
  /** Only for a load that has ended. */
  readonly report?: LoadReport;
};

/** What a load found besides the inodes that it loaded. */
export type LoadReport = {
  /** Inodes whose content or type has changed in the store. */
  readonly changed: number;
  /** Inodes that the store has lost and nothing else needs. */
  readonly removed: number;
  /** Paths that could not be loaded, by name of the code; `Job.failures` has the first of them. */
  readonly failedByCode: Readonly<Record<string, number>>;
  /** Entries that the namespace cannot hold: counted by reason, with the first thousand paths. */
  readonly skipped: {
    readonly count: number;
    readonly reasons: Readonly<Record<string, number>>;
    readonly samples: readonly { readonly name: string; readonly reason: string }[];
  };
};

export type InspectOptions = CallOptions & {
  readonly onProgress?: (progress: WorkProgress) => void;
};

export type TrashOptions = InspectOptions & {
  /** Entries that are told, at most 1000; the sums are of all. */
  readonly limit?: number;
};

/** What was deleted and can be brought back, the next to expire first. */
export type TrashEntry = {
  /** From which it was deleted. */
  readonly path: string;
  readonly type: 'file' | 'directory';
  readonly id: number;
  /** With what is below it, itself included. */
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
  /** Until then undelete brings it back. */
  readonly expiresMs: number;
};

export type TrashListing = {
  readonly list: readonly TrashEntry[];
  readonly entries: number;
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
  readonly isComplete: boolean;
};

/** One fault of the namespace: a stable code, the inode, its place, and what is wrong. */
export type VerifyFinding = {
  readonly code: string;
  /** 0: the fault is not about an inode. */
  readonly id: number;
  readonly path: string;
  readonly what: string;
};

export type VerifyReport = {
  /** Journal seq of the state that was checked. */
  readonly seq: number;
  readonly isClean: boolean;
  readonly inodes: number;
  readonly files: number;
  readonly directories: number;
  /** Slots of the cache that were compared with the disk; none without a running master. */
  readonly slots: number;
  readonly findingCount: number;
  /** The first of them. */
  readonly findings: readonly VerifyFinding[];
};

export type BackupOptions = InspectOptions & {
  /** Replace a file that is there. */
  readonly force?: boolean;
};

export type BackupReport = {
  readonly file: string;
  /** The backup is the namespace after this entry of the journal. */
  readonly seq: number;
  readonly bytes: number;
  readonly inodes: number;
  readonly rows: number;
  readonly entries: number;
};

export type CheckpointReport = {
  /** Everything up to this entry of the journal is in the metadata on disk. */
  readonly seq: number;
  /** What the journal still has. */
  readonly segments: number;
  readonly diskBytes: number;
};

export type OrphanOptions = InspectOptions & {
  /** `next` of the page before. */
  readonly startAfter?: string;
  readonly limit?: number;
};

/** Data of a store that the namespace does not show. */
export type Orphan = {
  /** Below the root of the mount, in the store. */
  readonly path: string;
  /**
   * hidden: written by the master below .orchard, of a file that is gone. replaced: under a name
   * whose data is elsewhere now. unlisted: in a loaded directory, under a name that the namespace
   * does not have: deleted for good, or come since; the next load takes it in.
   */
  readonly kind: 'hidden' | 'replaced' | 'unlisted';
  readonly bytes: number;
  readonly mtimeMs?: number;
};

export type OrphanPage = {
  readonly uri: string;
  readonly orphans: readonly Orphan[];
  readonly next?: string;
};

/** What of a mount has another name in its store, or is in the trash. */
export type MovedReport = {
  readonly count: number;
  /** There are more than were counted. */
  readonly isMore: boolean;
  readonly first: readonly { readonly storePath: string; readonly id: number }[];
};

export type DigestReport = {
  readonly seq: number;
  readonly digest: string;
  readonly inodes: number;
  readonly sideRecords: number;
};

export type SummaryOptions = CallOptions & {
  readonly load?: LoadTypeName;
  readonly onProgress?: (progress: WorkProgress) => void;
};

export type TreeSummary = {
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
  /** Directories whose content is missing here: not permitted, or their store failed. */
  readonly leftOut: number;
  /** The first of them. */
  readonly failures: readonly PathFailure[];
};

export type BatchResult =
  | { readonly status: FileStatus; readonly error?: undefined }
  | { readonly status?: undefined; readonly error: OrchardError };

export type MountOptions = CallOptions & {
  readonly options?: Readonly<Record<string, string>>;
  readonly readOnly?: boolean;
  readonly shared?: boolean;
};

export type MountPoint = {
  readonly mountId: number;
  readonly path: string;
  readonly uri: string;
  readonly type: string;
  /** Without secrets. */
  readonly options: Readonly<Record<string, string>>;
  readonly readOnly: boolean;
  readonly shared: boolean;
};

export type ReadOptions = {
  /** First byte. */
  readonly offset?: number;
  /** Bytes to read at most. */
  readonly length?: number;
  /** Of the expected content: other content is FAILED_PRECONDITION. 0: any content. */
  readonly fingerprint?: number;
  readonly signal?: AbortSignal;
};

export type WrittenFile = {
  readonly path: string;
  readonly id: number;
  readonly length: number;
};

export type WriteOptions = {
  readonly overwrite?: boolean;
  /** A new content for the file that has this fingerprint; it stays the same file otherwise. */
  readonly over?: number;
  readonly recursive?: boolean;
  readonly mode?: number;
  readonly blockSize?: number;
  readonly replicationMin?: number;
  /** If it is known, the master notices a cut transfer at once. */
  readonly length?: number;
  /** The same two ids again get the first answer; by default each call has new ones. */
  readonly clientId?: number;
  readonly callId?: number;
  readonly signal?: AbortSignal;
};
