/**
 * FileService: all that a surface may ask of the namespace and of file data. A surface is written
 * against it once and runs in a master (over the operations), in a worker, or in a process of its
 * own (over the wire): both implementations pass one suite of tests.
 *
 * Each call names its caller. Permissions, limits and atomicity are checked below this contract.
 * Every failure is a StatusError. A signal or a deadline ends a call with CANCELLED or
 * DEADLINE_EXCEEDED. It is then unknown whether a change was made, unless it is sent again with the
 * same call id.
 *
 * Invariant: put() shows either what was there or the whole new file, and leaves nothing behind
 * when its source fails, its signal comes or its caller goes away.
 * Invariant: read() gives only bytes of the content that open() described, or fails.
 */
import type { Caller } from '../base/caller.js';
import type { PathFailure } from '../base/status.js';
import type { FileStatus, LoadTypeName, XattrsIn, XattrUpdateName } from './file-status.js';

export type CallContext = {
  readonly caller: Caller;
  readonly signal?: AbortSignal | undefined;
  /** From now; absent: none. */
  readonly deadlineMs?: number | undefined;
  /** With the caller's client id: a repeated call gets the first answer. For changes. */
  readonly callId?: number | undefined;
};

export type StatOptions = {
  readonly load?: LoadTypeName | undefined;
  /** Also its place in the store, and its extended attributes. */
  readonly withAttributes?: boolean | undefined;
};

export type ListOptions = {
  /** Only names after this one; it need not exist. */
  readonly startAfter?: string | undefined;
  readonly prefix?: string | undefined;
  /** Entries at most. */
  readonly limit?: number | undefined;
  readonly load?: LoadTypeName | undefined;
};

export type FilePage = {
  /** Sorted by the bytes of their names. */
  readonly entries: readonly FileStatus[];
  /** Pass as startAfter for the next page; undefined: this was the last. */
  readonly next: string | undefined;
};

export type CreateOptions = {
  readonly recursive?: boolean | undefined;
  /** Files: replace one that is there. */
  readonly overwrite?: boolean | undefined;
  /** Directories: one that is there is fine. */
  readonly allowExists?: boolean | undefined;
  /** Permission bits; by default those of the master's umask. */
  readonly mode?: number | undefined;
  /** Files: bytes of a block; by default that of the master. */
  readonly blockSize?: number | undefined;
  /** Files: copies at least; by default that of the master. */
  readonly replicationMin?: number | undefined;
};

/** `fingerprint`: of the content that the new one was made of. */
export type RewriteOptions = { readonly fingerprint: number };

export type CompleteOptions = {
  /** Only this inode, which create() gave. */
  readonly id: number;
  readonly length: number;
  readonly mtimeMs?: number | undefined;
  /** Describes the object in the store, which exists by then. */
  readonly fingerprint?: number | undefined;
};

export type ByteRange = { readonly offset: number; readonly length: number };

export type OpenFile = {
  readonly status: FileStatus;
  /** The bytes of the range, at the reader's pace. A reader that stops ends the read. */
  read(range: ByteRange, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
};

/** Where a part of a file is held. `workers` is empty while no data node has it. */
export type BlockLocation = ByteRange & {
  readonly workers: readonly string[];
  /** Where the store has the file, if it does. */
  readonly ufsPath?: string | undefined;
};

/** What a tree holds; the directory that was asked for counts too. */
export type TreeSummary = {
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
  /** Directories whose content is not among these: not to be listed, or their store failed. */
  readonly leftOut: number;
  /** The first of them. */
  readonly failures: readonly PathFailure[];
};

export type RemoveOptions = {
  readonly recursive?: boolean | undefined;
  readonly skipTrash?: boolean | undefined;
};

/** An absent field stays unchanged. */
export type AttributeOptions = {
  readonly mode?: number | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly pinned?: boolean | undefined;
  readonly ttlMs?: number | undefined;
  /** Copies at least. */
  readonly replicationMin?: number | undefined;
  readonly mtimeMs?: number | undefined;
  readonly xattrs?: XattrsIn | undefined;
  /** How they combine with existing ones; by default they replace those of the same name. */
  readonly xattrUpdate?: XattrUpdateName | undefined;
};

export interface FileService {
  stat(call: CallContext, path: string, options?: StatOptions): Promise<FileStatus>;
  /** One page of the children of a directory; of a file, the file itself. */
  list(call: CallContext, path: string, options?: ListOptions): Promise<FilePage>;
  /** Of a tree; of a file, the file itself. */
  summary(call: CallContext, path: string): Promise<TreeSummary>;
  /** PERMISSION_DENIED unless the caller has all of the bits: read 4, write 2, execute 1. */
  checkAccess(call: CallContext, path: string, bits: number): Promise<void>;

  /** Checks that the caller may read the file. */
  open(call: CallContext, path: string): Promise<OpenFile>;
  /** Writes a whole file: the end of the source commits it, its failure takes everything back. */
  put(
    call: CallContext,
    path: string,
    source: AsyncIterable<Uint8Array>,
    options?: CreateOptions,
  ): Promise<FileStatus>;
  /** A new content in place of the one given: id, owner, mode stay. ABORTED: there is another. */
  rewrite(
    call: CallContext,
    path: string,
    source: AsyncIterable<Uint8Array>,
    options: RewriteOptions,
  ): Promise<FileStatus>;
  locate(call: CallContext, path: string, range?: ByteRange): Promise<readonly BlockLocation[]>;

  /** The parts of put(), for callers that write the data themselves. */
  create(call: CallContext, path: string, options?: CreateOptions): Promise<FileStatus>;
  complete(call: CallContext, path: string, options: CompleteOptions): Promise<FileStatus>;
  /** Removes what create() made, if it is not complete. It is no failure if nothing is there. */
  abort(call: CallContext, path: string, id: number): Promise<void>;

  createDirectory(call: CallContext, path: string, options?: CreateOptions): Promise<FileStatus>;
  rename(
    call: CallContext,
    source: string,
    target: string,
    options?: { readonly overwrite?: boolean },
  ): Promise<void>;
  remove(call: CallContext, path: string, options?: RemoveOptions): Promise<void>;
  setAttributes(call: CallContext, path: string, options: AttributeOptions): Promise<void>;
}

/** Every entry of a directory, page after page, as fast as they are taken. */
export async function* listAll(
  service: FileService,
  call: CallContext,
  path: string,
  options: ListOptions = {},
): AsyncGenerator<FileStatus, void, undefined> {
  let startAfter = options.startAfter;
  do {
    const page: FilePage = await service.list(call, path, { ...options, startAfter });
    yield* page.entries;
    startAfter = page.next;
  } while (startAfter !== undefined);
}
