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
  /** From now, retries and reconnects included; 0 = none. Default: that of the client. */
  readonly deadlineMs?: number;
  /** Identifies the call to the master: the same id again gets the first answer. */
  readonly callId?: number;
  /** false: RESOURCE_EXHAUSTED and UNAVAILABLE are told at once. */
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
  /** Go on after this inode, wherever in the directory it is now. */
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
  /** Also if there are mount points below: those are unmounted, and nothing goes into the trash. */
  readonly deleteMountPoints?: boolean;
  readonly alluxioOnly?: boolean;
};

/** What is left out stays as it is. */
export type SetAttributeOptions = CallOptions & {
  readonly recursive?: boolean;
  readonly mode?: number;
  /** As chmod has it: `u+rw,go=u-w`; made from what each inode has. Instead of mode. */
  readonly modeChange?: string;
  readonly owner?: string;
  readonly group?: string;
  readonly ttlMs?: number;
  readonly ttlAction?: TtlActionName;
  readonly pinned?: boolean;
  readonly replicationMin?: number;
  readonly replicationMax?: number;
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
  /** Answer at once with the job. */
  readonly detach?: boolean;
  readonly onProgress?: (progress: WorkProgress) => void;
};

export type Job = WorkProgress & {
  readonly kind: string;
  readonly state: JobStateName;
  readonly startedMs: number;
  /** 0 while it runs. */
  readonly endedMs: number;
  /** The first parts of it that failed; `failed` counts them all. */
  readonly failures: readonly PathFailure[];
  readonly error?: OrchardError;
  /** Of a load that has ended. */
  readonly report?: LoadReport;
};

/** What a load found beside what it loaded. */
export type LoadReport = {
  /** Inodes whose content or type is another in the store by now. */
  readonly changed: number;
  /** Inodes that the store has lost, and that nothing else needs. */
  readonly removed: number;
  /** What could not be loaded, by the name of the code; `Job.failures` has the first paths. */
  readonly failedByCode: Readonly<Record<string, number>>;
  /** What the namespace cannot hold: counted by reason, with the first thousand paths. */
  readonly skipped: {
    readonly count: number;
    readonly reasons: Readonly<Record<string, number>>;
    readonly samples: readonly { readonly name: string; readonly reason: string }[];
  };
};

export type InspectOptions = CallOptions & {
  readonly onProgress?: (progress: WorkProgress) => void;
};

/** What is wrong with the namespace: a stable code, the inode, where it is, and what. */
export type VerifyFinding = {
  readonly code: string;
  /** 0: it is about no inode. */
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
  /** Slots of the cache that were compared with the disk; none where no master runs. */
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
  /** Directories whose content is not among these: not to be listed, or their store failed. */
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
  /** Of the content that is meant: another one is FAILED_PRECONDITION. 0: whatever is there. */
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
  readonly recursive?: boolean;
  readonly mode?: number;
  /** When it is known, the master sees at once that a transfer was cut. */
  readonly length?: number;
  /** The same two again are answered as the first was; default: new ones for each call. */
  readonly clientId?: number;
  readonly callId?: number;
  readonly signal?: AbortSignal;
};
