/**
 * FileService inside the master. Each call becomes operations on the executor of this thread; the
 * bytes go between the caller and the store of the mount. The other implementation is
 * client/wire-file-service.ts.
 */
import type {
  AttributeOptions,
  BlockLocation,
  ByteRange,
  CallContext,
  CompleteOptions,
  CreateOptions,
  FilePage,
  FileService,
  ListOptions,
  OpenFile,
  RemoveOptions,
  RewriteOptions,
  StatOptions,
  TreeSummary,
} from '../../api/file-service.js';
import type { FileStatus, XattrsIn, XattrUpdateName } from '../../api/file-status.js';
import type { Scheduler } from '../executor/scheduler.js';
import { type XAttrs, XAttrUpdate } from '../memory/xattrs.js';
import type { Stores } from '../mount/stores.js';
import type { AttributeChange } from '../ops/mechanism/attribute-change.js';
import { LoadType } from '../ops/mechanism/loading.js';
import { asked, submitted } from '../ops/mechanism/promise-calls.js';
import { CheckAccess } from '../ops/verbs/check-access.js';
import { ContentSummary, type SummarySink } from '../ops/verbs/content-summary.js';
import { Create } from '../ops/verbs/create.js';
import { Delete } from '../ops/verbs/delete.js';
import { Rename } from '../ops/verbs/rename.js';
import { SetAttribute } from '../ops/verbs/set-attribute.js';
import { listPage, openFile, statFile } from './file-reads.js';
import { rewriteFile } from './file-rewrite.js';
import { cleanPath, statusOf } from './file-status.js';
import { createOptions, FileWrites } from './file-write.js';
import { checkAttributes, checkFields, checkList } from './option-check.js';

const encoder = new TextEncoder();

export class MasterFileService implements FileService {
  readonly #scheduler: Scheduler;
  readonly #stores: Stores;
  readonly #writes: FileWrites;

  constructor(
    scheduler: Scheduler,
    stores: Stores,
    { writeLeaseMs = Number.POSITIVE_INFINITY }: { readonly writeLeaseMs?: number } = {},
  ) {
    this.#scheduler = scheduler;
    this.#stores = stores;
    this.#writes = new FileWrites(scheduler, stores, writeLeaseMs);
  }

  async stat(call: CallContext, path: string, options: StatOptions = {}): Promise<FileStatus> {
    checkFields('GetStatus', { path });
    return statFile(this.#scheduler, call, path, options);
  }

  async list(call: CallContext, path: string, options: ListOptions = {}): Promise<FilePage> {
    checkList(path, options);
    return listPage(this.#scheduler, call, path, options);
  }

  async summary(call: CallContext, path: string): Promise<TreeSummary> {
    checkFields('ContentSummary', { path });
    const options = { path: encoder.encode(path), load: LoadType.ONCE, progress: false };
    return asked(
      this.#scheduler,
      (sink: SummarySink) => new ContentSummary(call.caller, 0, options, sink),
      ({ resolve, reject }) => ({ summary: resolve, progress: () => undefined, fail: reject }),
      call,
    );
  }

  async checkAccess(call: CallContext, path: string, bits: number): Promise<void> {
    checkFields('CheckAccess', { path, bits });
    const options = { path: encoder.encode(path), bits };
    await submitted(
      this.#scheduler,
      (sink) => new CheckAccess(call.caller, 0, options, sink),
      call,
    );
  }

  async open(call: CallContext, path: string): Promise<OpenFile> {
    checkFields('GetStatus', { path });
    return openFile({ scheduler: this.#scheduler, stores: this.#stores }, call, path);
  }

  put(
    call: CallContext,
    path: string,
    source: AsyncIterable<Uint8Array>,
    options: CreateOptions = {},
  ): Promise<FileStatus> {
    return this.#writes.put(call, path, source, options);
  }

  async rewrite(
    call: CallContext,
    path: string,
    source: AsyncIterable<Uint8Array>,
    options: RewriteOptions,
  ): Promise<FileStatus> {
    checkFields('CompleteFile', { path, ...options });
    const parts = { scheduler: this.#scheduler, stores: this.#stores };
    return rewriteFile(parts, call, path, source, options);
  }

  /** One block for the whole range: the store has it all, and no worker holds anything yet. */
  async locate(
    call: CallContext,
    path: string,
    range?: ByteRange,
  ): Promise<readonly BlockLocation[]> {
    const { length, ufsPath } = await this.stat(call, path, { withAttributes: true });
    const offset = Math.min(range?.offset ?? 0, length);
    const bytes = Math.min(range?.length ?? length, length - offset);
    return bytes === 0 ? [] : [{ offset, length: bytes, workers: [], ufsPath }];
  }

  create(call: CallContext, path: string, options: CreateOptions = {}): Promise<FileStatus> {
    return this.#writes.create(call, path, options);
  }

  complete(call: CallContext, path: string, options: CompleteOptions): Promise<FileStatus> {
    return this.#writes.complete(call, path, options);
  }

  abort({ caller }: CallContext, path: string, id: number): Promise<void> {
    return this.#writes.abort(caller, path, id);
  }

  async createDirectory(
    call: CallContext,
    path: string,
    options: CreateOptions = {},
  ): Promise<FileStatus> {
    checkFields('CreateDirectory', { path, mode: options.mode });
    const all = createOptions('directory', path, options);
    const { caller, callId = 0 } = call;
    const { inode } = await submitted(
      this.#scheduler,
      (sink) => new Create(caller, callId, all, sink),
      call,
    );
    return statusOf(this.#scheduler.executor, inode!, { path: cleanPath(path) });
  }

  async rename(
    call: CallContext,
    source: string,
    target: string,
    options: { readonly overwrite?: boolean } = {},
  ): Promise<void> {
    checkFields('Rename', { source, target });
    const { caller, callId = 0 } = call;
    const all = {
      source: encoder.encode(source),
      target: encoder.encode(target),
      overwrite: options.overwrite ?? false,
    };
    await submitted(this.#scheduler, (sink) => new Rename(caller, callId, all, sink), call);
  }

  async remove(call: CallContext, path: string, options: RemoveOptions = {}): Promise<void> {
    checkFields('Delete', { path });
    const { caller, callId = 0 } = call;
    const all = {
      path: encoder.encode(path),
      recursive: options.recursive ?? false,
      skipTrash: options.skipTrash ?? false,
      deleteMountPoints: false,
    };
    await submitted(this.#scheduler, (sink) => new Delete(caller, callId, all, sink), call);
  }

  async setAttributes(call: CallContext, path: string, options: AttributeOptions): Promise<void> {
    checkAttributes(path, options);
    const { caller, callId = 0 } = call;
    const all = { path: encoder.encode(path), change: changeOf(options) };
    await submitted(this.#scheduler, (sink) => new SetAttribute(caller, callId, all, sink), call);
  }
}

const updates: Readonly<Record<XattrUpdateName, XAttrUpdate>> = {
  truncate: XAttrUpdate.TRUNCATE,
  unionReplace: XAttrUpdate.UNION_REPLACE,
  unionPreserve: XAttrUpdate.UNION_PRESERVE,
  deleteKeys: XAttrUpdate.DELETE_KEYS,
};

function changeOf({ xattrs, xattrUpdate, ...given }: AttributeOptions): AttributeChange {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const change = Object.fromEntries(present) as AttributeChange;
  if (xattrs === undefined) return change;
  const update = updates[xattrUpdate ?? 'unionReplace'];
  return { ...change, xattrs: xattrsOf(xattrs), xattrUpdate: update };
}

const xattrsOf = (given: XattrsIn): XAttrs =>
  new Map(
    Object.entries(given).map(([name, value]) => [
      name,
      typeof value === 'string' ? encoder.encode(value) : value,
    ]),
  );
