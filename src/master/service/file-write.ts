/**
 * Writes a whole file through the master: its bytes go to the store of its mount, and only then
 * does the file become visible.
 *
 *   a new name    create ─▶ key to write to ─▶ store.write(bytes, absent) ─▶ complete
 *                   └──────── any failure from here on: delete that inode ────────┘
 *   over a file   may it be replaced? ─▶ store.write(bytes) ─▶ create over it ─▶ complete
 *
 * A new name is taken while the bytes come, so that two callers cannot write it. A file that is
 * being replaced stays until the new one is in the store, and stays for good if that fails.
 *
 * Exactly once: the call's id is in the entry that completes the file; a repeated call is answered
 * from there before anything is written.
 */
import type { CallContext, CompleteOptions, CreateOptions } from '../../api/file-service.js';
import type { FileStatus } from '../../api/file-status.js';
import type { Caller } from '../../base/caller.js';
import { Code, StatusError } from '../../base/status.js';
import { fingerprint, type UfsStatus } from '../../stores/ufs.js';
import type { Sink } from '../executor/call.js';
import type { Executor } from '../executor/executor.js';
import type { Scheduler } from '../executor/scheduler.js';
import { CONTROL } from '../memory/layout.js';
import { FLAG_COMPLETED, FLAG_HAS_ORIGIN, FLAG_PERSISTED } from '../memory/record.js';
import { readRecord } from '../memory/record-fields.js';
import type { Mount } from '../mount/mount-table.js';
import type { Origin } from '../mount/store-path.js';
import type { Stores } from '../mount/stores.js';
import { checkRemove, checkWay, checkWritableMount } from '../ops/mechanism/access.js';
import { notFound } from '../ops/mechanism/failures.js';
import { writableKey } from '../ops/mechanism/key-owner.js';
import { awaitPath, LoadType, nothingAsked } from '../ops/mechanism/loading.js';
import { type Answer, type CallPart, reading, submitted } from '../ops/mechanism/promise-calls.js';
import { CompleteFile } from '../ops/verbs/complete-file.js';
import { Create } from '../ops/verbs/create.js';
import { DeleteInode } from '../ops/verbs/delete-inode.js';
import { RenewWrite } from '../ops/verbs/renew-write.js';
import type { PathWalk } from '../path/path-walk.js';
import { cleanPath, statusOf } from './file-status.js';
import { checkComplete, checkCreate, checkFields } from './option-check.js';

type Target = {
  readonly mount: Mount;
  readonly origin: Origin;
  /** The key is not that of the file's path. */
  readonly isElsewhere: boolean;
  /** The fingerprint of the present content; 0: none, or unknown. */
  readonly fingerprint: number;
};

/** Tells whether any of it was taken: then it cannot be sent a second time. */
class WatchedSource implements AsyncIterable<Uint8Array> {
  isBegun = false;
  readonly #source: AsyncIterable<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    this.isBegun = true;
    return this.#source[Symbol.asyncIterator]();
  }
}

/** No inode has this id: its complete() is refused, unless it is a repeat. */
const NO_INODE = 0;

/** The possible answers to a complete() that was never made before. */
const REFUSALS: ReadonlySet<Code> = new Set([
  Code.NOT_FOUND,
  Code.INVALID_ARGUMENT,
  Code.PERMISSION_DENIED,
  Code.FAILED_PRECONDITION,
]);

/** Renewals during one lease. */
const RENEWALS = 3;
const RENEWAL_MS_MAX = 3_600_000;

const encoder = new TextEncoder();
const neverAborted = new AbortController().signal;

export class FileWrites {
  readonly #scheduler: Scheduler;
  readonly #stores: Stores;
  readonly #renewMs: number;

  /** `writeLeaseMs`: ORCHARD_WRITE_LEASE; a running write renews its lease before the end. */
  constructor(scheduler: Scheduler, stores: Stores, writeLeaseMs: number) {
    this.#scheduler = scheduler;
    this.#stores = stores;
    this.#renewMs = Math.min(writeLeaseMs / RENEWALS, RENEWAL_MS_MAX);
  }

  async put(
    call: CallContext,
    path: string,
    source: AsyncIterable<Uint8Array>,
    options: CreateOptions,
  ): Promise<FileStatus> {
    checkCreate(path, options);
    const { shared } = this.#scheduler.executor;
    if (shared.load(CONTROL.READ_ONLY) !== 0) throw readOnly(path);
    const before = await this.#firstAnswer(call, path);
    if (before !== undefined) return before;
    const signal = endOf(call);
    const replaced = options.overwrite === true ? await this.#replaceable(call, path) : undefined;
    if (replaced === undefined) return this.#putNew(call, path, source, options, signal);
    const written = await this.#replace(replaced, source, signal);
    const { id } = await this.#create(call, 0, path, options);
    return this.#completed(call, path, id, written, replaced);
  }

  /**
   * Over the very content that the namespace knows, so that of two who replace it at a time one is
   * refused. What has changed in the store before is replaced whatever it is: that was asked for.
   */
  async #replace(
    { mount, origin, fingerprint: ifMatch }: Target,
    source: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<UfsStatus> {
    const store = await this.#stores.open(mount);
    const watched = new WatchedSource(source);
    try {
      return await store.write(origin.path, watched, { ifMatch, signal });
    } catch (error) {
      const isOther = error instanceof StatusError && error.code === Code.FAILED_PRECONDITION;
      if (!isOther || watched.isBegun) throw error;
      return store.write(origin.path, source, { signal });
    }
  }

  create(call: CallContext, path: string, options: CreateOptions): Promise<FileStatus> {
    return this.#create(call, call.callId ?? 0, path, options);
  }

  /** `callId`: 0 within a put, whose id is that of the entry that completes the file. */
  async #create(
    call: CallContext,
    callId: number,
    path: string,
    options: CreateOptions,
  ): Promise<FileStatus> {
    checkCreate(path, options);
    const all = createOptions('file', path, options);
    const { caller } = call;
    const make = (sink: Sink) => new Create(caller, callId, all, sink);
    return this.#told(await submitted(this.#scheduler, make, call), path);
  }

  async complete(call: CallContext, path: string, options: CompleteOptions): Promise<FileStatus> {
    checkComplete(path, options);
    const { id, length, mtimeMs, fingerprint: found = 0 } = options;
    const all = {
      path: encoder.encode(path),
      length,
      mtimeMs,
      fingerprint: found,
      persisted: found !== 0,
      inodeId: id,
    };
    return this.#complete(call, path, all);
  }

  /** Removes the inode, unless somebody completed or replaced it meanwhile. */
  async abort(caller: Caller, path: string, id: number, part: CallPart = {}): Promise<void> {
    checkFields('GetStatusById', { id });
    checkFields('Delete', { path });
    const options = {
      path: encoder.encode(path),
      recursive: false,
      skipTrash: true,
      deleteMountPoints: false,
      inodeId: id,
      applies: ({ flags }: { readonly flags: number }) => (flags & FLAG_COMPLETED) === 0,
    };
    await submitted(this.#scheduler, (sink) => new DeleteInode(caller, options, sink), part);
  }

  /** Whatever its directory permits now: the caller may remove what it began. */
  async #takeAway(call: CallContext, path: string, id: number): Promise<void> {
    const { superuser } = this.#scheduler.executor.options;
    const { caller, callId } = call;
    try {
      await this.abort({ user: superuser, groups: [], clientId: 0 }, path, id, { caller, callId });
    } catch (error) {
      // Somebody else moved or deleted it; the caller gets the reason why the write failed.
      if (!(error instanceof StatusError)) throw error;
    }
  }

  async #putNew(
    call: CallContext,
    path: string,
    source: AsyncIterable<Uint8Array>,
    options: CreateOptions,
    signal: AbortSignal,
  ): Promise<FileStatus> {
    const { id } = await this.#create(call, 0, path, options);
    const renewing = this.#renew(path, id);
    try {
      const target = await this.#newTarget(call, path, id);
      const store = await this.#stores.open(target.mount);
      const ifAbsent = options.overwrite !== true;
      const written = await store.write(target.origin.path, source, { ifAbsent, signal });
      return await this.#completed(call, path, id, written, target);
    } catch (error) {
      await this.#takeAway(call, path, id);
      throw error;
    } finally {
      clearInterval(renewing);
    }
  }

  /** While bytes come, the file is not a leftover of a lost writer. */
  #renew(path: string, inodeId: number): NodeJS.Timeout {
    const { superuser } = this.#scheduler.executor.options;
    const options = { path: encoder.encode(path), inodeId };
    const renew = (): void => {
      submitted(this.#scheduler, (sink) => {
        return new RenewWrite({ user: superuser, groups: [], clientId: 0 }, options, sink);
        // It was deleted, or the disk is full: the caller learns it at the end of the write.
      }).catch(() => undefined);
    };
    return setInterval(renew, this.#renewMs).unref();
  }

  /** The key of the new inode's data. */
  #newTarget(call: CallContext, path: string, id: number): Promise<Target> {
    return this.#look(call, (executor) => {
      const walk = executor.walkA;
      executor.resolve(walk, encoder.encode(path));
      if (!walk.found || walk.id(walk.depth) !== id) throw notFound(walk);
      return targetOf(executor, walk);
    });
  }

  /**
   * A complete file that the caller may replace, whose key the new data may take. Undefined: none
   * is there, or it keeps its data elsewhere: then the name is taken first, as a new one.
   */
  #replaceable(call: CallContext, path: string): Promise<Target | undefined> {
    const asked = nothingAsked();
    return this.#look(call, (executor) => {
      const walk = executor.walkA;
      executor.resolve(walk, encoder.encode(path));
      checkWay(executor, call.caller, walk);
      awaitPath(executor, walk, LoadType.ONCE, asked);
      if (!walk.found || !walk.isFile(walk.depth)) return undefined;
      const flags = walk.flags(walk.depth);
      const isPlain = (flags & (FLAG_PERSISTED | FLAG_HAS_ORIGIN)) === FLAG_PERSISTED;
      if (!isPlain || (flags & FLAG_COMPLETED) === 0) return undefined;
      checkWritableMount(executor, walk, walk.depth - 1);
      checkRemove(executor, call.caller, walk);
      const target = targetOf(executor, walk);
      return target.isElsewhere ? undefined : target;
    });
  }

  /** The first answer of the same call, if it was made before. */
  async #firstAnswer(call: CallContext, path: string): Promise<FileStatus | undefined> {
    if (call.caller.clientId === 0 || (call.callId ?? 0) === 0) return undefined;
    try {
      return await this.complete(call, path, { id: NO_INODE, length: 0 });
    } catch (error) {
      if (error instanceof StatusError && REFUSALS.has(error.code)) return undefined;
      throw error;
    }
  }

  #completed(
    call: CallContext,
    path: string,
    inodeId: number,
    written: UfsStatus,
    target: Target,
  ): Promise<FileStatus> {
    return this.#complete(call, path, {
      path: encoder.encode(path),
      length: written.length,
      mtimeMs: written.mtimeMs,
      fingerprint: fingerprint(written),
      persisted: true,
      inodeId,
      ...(target.isElsewhere && { origin: target.origin }),
    });
  }

  async #complete(
    call: CallContext,
    path: string,
    options: ConstructorParameters<typeof CompleteFile>[2],
  ): Promise<FileStatus> {
    const { caller, callId = 0 } = call;
    const answer = await submitted(
      this.#scheduler,
      (sink) => new CompleteFile(caller, callId, options, sink),
    );
    return this.#told(answer, path);
  }

  #told({ inode }: Answer, path: string): FileStatus {
    return statusOf(this.#scheduler.executor, inode!, { path: cleanPath(path) });
  }

  #look<T>(call: CallContext, look: (executor: Executor) => T): Promise<T> {
    return reading(this.#scheduler, 'write', call.caller, look, call);
  }
}

export function createOptions(
  type: 'file' | 'directory',
  path: string,
  options: CreateOptions,
): ConstructorParameters<typeof Create>[2] {
  return {
    type,
    path: encoder.encode(path),
    recursive: options.recursive ?? false,
    overwrite: options.overwrite ?? false,
    allowExists: options.allowExists ?? false,
    mode: options.mode ?? -1,
    blockSize: options.blockSize,
    ttlMs: -1,
    ttlFlags: 0,
    replicationMin: options.replicationMin ?? -1,
    replicationMax: -1,
    xattrs: undefined,
    xattrsOnNewPaths: false,
  };
}

function targetOf(executor: Executor, walk: PathWalk): Target {
  const mount = executor.mounts.byId(walk.mountId(walk.depth));
  if (mount === undefined) throw noStore(walk.text());
  const { fingerprint: known } = readRecord(executor.shared.view, walk.record);
  return { mount, fingerprint: known, ...writableKey(executor, walk) };
}

/** The moment at which the upload is given up. */
function endOf({ signal = neverAborted, deadlineMs }: CallContext): AbortSignal {
  if (deadlineMs === undefined) return signal;
  return AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
}

const readOnly = (path: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, 'The disk of the master is full: it is read-only.', {
    path,
    hint: 'Free space below the data directory.',
  });

const noStore = (path: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, `"${path}" is below no mount.`, {
    path,
    hint: 'Write to a path below a mount point: see `orchard mounts`.',
  });
