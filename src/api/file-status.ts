/**
 * What is told of one inode, and the words of its attributes. Times are milliseconds since 1970,
 * lengths bytes, ids whole numbers below 2^53. Pure.
 */

export type TtlActionName = 'delete' | 'free' | 'deleteAlluxio';
/** Whether a call may look into the under store for what the master has not seen yet. */
export type LoadTypeName = 'once' | 'never' | 'always';
export type XattrUpdateName = 'truncate' | 'unionReplace' | 'unionPreserve' | 'deleteKeys';
export type XattrPropagationName = 'leafNode' | 'newPaths';

/** In: text is stored as UTF-8. Out: always bytes. */
export type XattrsIn = Readonly<Record<string, Uint8Array | string>>;
export type Xattrs = Readonly<Record<string, Uint8Array>>;

export type FileStatus = {
  readonly path: string;
  readonly name: string;
  readonly id: number;
  readonly parentId: number;
  readonly type: 'file' | 'directory';
  /** File: bytes. Directory: number of children that the master knows. */
  readonly length: number;
  /** POSIX permission bits with sticky, setgid and setuid. */
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  /** After creation; -1 = lives on. */
  readonly ttlMs: number;
  readonly ttlAction: TtlActionName;
  readonly blockSize: number;
  readonly pinned: boolean;
  readonly completed: boolean;
  readonly persisted: boolean;
  readonly mountPoint: boolean;
  readonly childrenLoaded: boolean;
  readonly replicationMin: number;
  /** -1 = no upper bound. */
  readonly replicationMax: number;
  readonly mountId: number;
  /** Changes with the content that the store has; 0 = none is known. */
  readonly fingerprint: number;
  /** Journal seq of the last change. */
  readonly seq: number;
  readonly ufsPath?: string;
  readonly mountUri?: string;
  readonly xattrs?: Xattrs;
};
