/**
 * The vocabulary of the model check: what a client may ask for, as plain values that print well.
 * The generator draws steps, the model and the real master answer them, and the answers are
 * compared. A step names paths as its client would send them, unclean ones too.
 */
import type { CodeName } from '../../src/base/status.js';
import type { TtlActionName, XattrUpdateName } from '../../src/client/types.js';

/** Superuser; owner of much; member of alice's group; member of the supergroup; none of these. */
export type User = 'root' | 'alice' | 'bob' | 'sue' | 'eve';

export const SUPERGROUP = 'supergroup';
/** The first is the group of the inodes that a user makes. */
export const GROUPS: Readonly<Record<User, readonly string[]>> = {
  root: ['wheel'],
  alice: ['staff', 'authors'],
  bob: ['staff'],
  sue: ['operators', SUPERGROUP],
  eve: ['guests'],
};

export type Xattrs = Readonly<Record<string, string>>;

type Made = {
  readonly recursive?: boolean;
  readonly mode?: number;
  readonly ttlMs?: number;
  readonly ttlAction?: TtlActionName;
  readonly xattrs?: Xattrs;
  readonly newPaths?: boolean;
};

export type FileMade = Made & {
  readonly path: string;
  readonly overwrite?: boolean;
  readonly blockSize?: number;
  readonly replicationMin?: number;
  readonly replicationMax?: number;
};

export type Change = {
  readonly mode?: number;
  readonly owner?: string;
  readonly group?: string;
  readonly ttlMs?: number;
  readonly ttlAction?: TtlActionName;
  readonly pinned?: boolean;
  readonly replicationMin?: number;
  readonly replicationMax?: number;
  readonly xattrs?: Xattrs;
  readonly xattrUpdate?: XattrUpdateName;
};

type At = { readonly path: string };

/** `inode` is the master's id of an inode, 0 when it has not told any. */
export type Action =
  | (FileMade & { readonly do: 'create' })
  | (Made & At & { readonly do: 'mkdir'; readonly allowExists?: boolean })
  | { readonly do: 'batchCreate'; readonly files: readonly FileMade[] }
  | (At & { readonly do: 'complete'; readonly length: number; readonly mtimeMs?: number })
  | (At & {
      readonly do: 'delete';
      readonly recursive?: boolean;
      readonly skipTrash?: boolean;
      readonly deleteMountPoints?: boolean;
    })
  | (At & { readonly do: 'undelete' })
  | (At & { readonly do: 'rename'; readonly to: string; readonly overwrite?: boolean })
  | (At & { readonly do: 'set'; readonly change: Change; readonly recursive?: boolean })
  | (At & { readonly do: 'mount'; readonly store: number; readonly readOnly?: boolean })
  | (At & { readonly do: 'unmount' })
  | (At & { readonly do: 'status' | 'exists' | 'summary' | 'xattrs' })
  | { readonly do: 'statusById' | 'pathOf'; readonly inode: number }
  | { readonly do: 'batchStatus'; readonly paths: readonly string[] }
  | (At & { readonly do: 'access'; readonly bits: number })
  | (At & {
      readonly do: 'list';
      readonly recursive?: boolean;
      readonly pageSize?: number;
      readonly prefix?: string;
      readonly startAfter?: string;
    });

export type Step = Action & { readonly user: User };

/** The master's answer: a code, and with OK the result. */
export type Answer = { readonly code: CodeName; readonly told?: unknown };

/** Steps that may be sent at once: their outcome is that of some order of them. */
export const MAY_CROSS: ReadonlySet<Action['do']> = new Set<Action['do']>([
  'create',
  'mkdir',
  'complete',
  'delete',
  'undelete',
  'rename',
  'status',
  'exists',
]);
