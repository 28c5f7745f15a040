/**
 * The reads of FileService over the operations: status, one page of a directory, and opening a file
 * for its bytes. Each checks in one turn of the executor; the store is called afterwards, with
 * nothing held.
 */
import type {
  ByteRange,
  CallContext,
  FilePage,
  ListOptions,
  OpenFile,
  StatOptions,
} from '../../api/file-service.js';
import type { FileStatus } from '../../api/file-status.js';
import { LIST_PAGE_ENTRIES_DEFAULT, LIST_PAGE_ENTRIES_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import type { Executor } from '../executor/executor.js';
import type { Scheduler } from '../executor/scheduler.js';
import { Bits } from '../memory/kernel-constants.js';
import { EXECUTOR } from '../memory/layout.js';
import { FLAG_COMPLETED, FLAG_PERSISTED } from '../memory/record.js';
import { readRecord } from '../memory/record-fields.js';
import type { Mount } from '../mount/mount-table.js';
import type { Origin } from '../mount/store-path.js';
import type { Stores } from '../mount/stores.js';
import { checkBits, checkTraverse } from '../ops/mechanism/access.js';
import { attributesOf } from '../ops/mechanism/attributes.js';
import { beginsWith, ChildScan } from '../ops/mechanism/child-scan.js';
import { invalid, requireFound } from '../ops/mechanism/failures.js';
import { FlushBarrier } from '../ops/mechanism/flush-barrier.js';
import { awaitChildren, awaitPath, LoadType, nothingAsked } from '../ops/mechanism/loading.js';
import { originOf } from '../ops/mechanism/origins.js';
import { reading } from '../ops/mechanism/promise-calls.js';
import { requireStanding, resolveFound } from '../ops/mechanism/read.js';
import type { PathWalk } from '../path/path-walk.js';
import { statusOf } from './file-status.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const loadTypes = { once: LoadType.ONCE, never: LoadType.NEVER, always: LoadType.ALWAYS } as const;

export function statFile(
  scheduler: Scheduler,
  call: CallContext,
  path: string,
  options: StatOptions,
): Promise<FileStatus> {
  const how = { load: loadTypes[options.load ?? 'once'], asked: nothingAsked() };
  const barrier = new FlushBarrier();
  const { caller } = call;
  const look = (executor: Executor): FileStatus => {
    const walk = executor.walkA;
    resolveFound(executor, caller, walk, encoder.encode(path), how);
    checkBits(executor, caller, walk, walk.depth, Bits.READ);
    const fields = readRecord(executor.shared.view, walk.record);
    if (options.withAttributes !== true) return statusOf(executor, fields, { path: walk.text() });
    const attributes = attributesOf(executor, walk, barrier);
    requireStanding(executor, walk);
    return statusOf(executor, fields, attributes);
  };
  return reading(scheduler, 'stat', caller, look, call);
}

/** READ and EXECUTE on the directory, as for listStatus. */
export function listPage(
  scheduler: Scheduler,
  call: CallContext,
  path: string,
  options: ListOptions,
): Promise<FilePage> {
  const load = loadTypes[options.load ?? 'once'];
  const asked = nothingAsked();
  const barrier = new FlushBarrier();
  const { caller } = call;
  const look = (executor: Executor): FilePage => {
    const walk = executor.walkA;
    resolveFound(executor, caller, walk, encoder.encode(path), { load, asked });
    if (walk.isFile(walk.depth)) {
      checkBits(executor, caller, walk, walk.depth, Bits.READ);
      const fields = readRecord(executor.shared.view, walk.record);
      return { entries: [statusOf(executor, fields, { path: walk.text() })], next: undefined };
    }
    checkBits(executor, caller, walk, walk.depth, Bits.READ | Bits.EXECUTE);
    awaitChildren(executor, walk, load, asked);
    return scanPage(executor, walk, options, barrier);
  };
  return reading(scheduler, 'list', caller, look, call);
}

function scanPage(
  executor: Executor,
  walk: PathWalk,
  options: ListOptions,
  barrier: FlushBarrier,
): FilePage {
  const { shared, kernel, base } = executor;
  const { startAfter = '', prefix = '', limit = LIST_PAGE_ENTRIES_DEFAULT } = options;
  const most = Math.min(Math.max(1, limit), LIST_PAGE_ENTRIES_MAX);
  const [after, start] = [encoder.encode(startAfter), encoder.encode(prefix)];
  const isBehind = Buffer.compare(after, start) < 0;
  const from = isBehind ? { name: start, inclusive: true } : { name: after, inclusive: false };
  const directory = walk.depth === 0 ? '' : walk.text();
  const record = base + EXECUTOR.RECORD;
  const entries: FileStatus[] = [];
  const scan = new ChildScan(executor);
  scan.open(walk.id(walk.depth), after.length + start.length === 0 ? ALL : from, barrier);
  try {
    while (scan.next()) {
      if (!beginsWith(shared.u8, scan.nameAt, scan.nameBytes, start)) break;
      if (entries.length === most) return { entries, next: entries.at(-1)!.name };
      const { keyAt, keyBytes, valueAt, valueBytes } = scan;
      if (kernel.decodeRecord(keyAt, keyBytes, valueAt, valueBytes, record) === 0) {
        throw scan.damage();
      }
      const fields = readRecord(shared.view, record);
      const path = `${directory}/${decoder.decode(fields.name)}`;
      entries.push(statusOf(executor, fields, { path }));
    }
    return { entries, next: undefined };
  } finally {
    scan.close();
  }
}

const ALL = { name: new Uint8Array(0), inclusive: true };

type Readable = {
  readonly status: FileStatus;
  readonly mount: Mount;
  readonly origin: Origin;
};

/** EXECUTE on the directories above, READ on the file. */
export async function openFile(
  parts: { readonly scheduler: Scheduler; readonly stores: Stores },
  call: CallContext,
  path: string,
): Promise<OpenFile> {
  const asked = nothingAsked();
  const file = await reading(
    parts.scheduler,
    'read',
    call.caller,
    (executor) => {
      const walk = executor.walkA;
      executor.resolve(walk, encoder.encode(path));
      awaitPath(executor, walk, LoadType.ONCE, asked);
      requireFound(walk);
      return readableOf(executor, call, walk);
    },
    call,
  );
  return {
    status: file.status,
    read: async ({ offset, length }, signal) => {
      const { mount, origin, status } = file;
      if (length === 0) return nothing();
      const store = await parts.stores.open(mount);
      const { fingerprint: expect } = status;
      const bytes = await store.read(origin.path, { offset, length, expect, signal });
      return exactly({ offset, length }, bytes, status.path);
    },
  };
}

function readableOf(executor: Executor, { caller }: CallContext, walk: PathWalk): Readable {
  const { depth } = walk;
  const text = walk.text();
  checkTraverse(executor, caller, walk, depth - 1);
  if (!walk.isFile(depth)) {
    throw invalid(text, `"${text}" is a directory.`, 'Name a file in it.');
  }
  checkBits(executor, caller, walk, depth, Bits.READ);
  const fields = readRecord(executor.shared.view, walk.record);
  if ((fields.flags & FLAG_COMPLETED) === 0) {
    throw notReadable(text, 'is still being written', 'Try again when it is complete.');
  }
  const mount = executor.mounts.byId(walk.mountId(depth));
  if (mount === undefined || (fields.length > 0 && (fields.flags & FLAG_PERSISTED) === 0)) {
    throw notReadable(text, 'has no data in a store', 'Write it anew with put.');
  }
  const status = statusOf(executor, fields, { path: text });
  return { status, mount, origin: originOf(executor, walk) };
}

/**
 * The store may have less by now, or tell at the end only that it has changed: a chunk is given out
 * when it is known that another follows, or that all is well. So a part never looks like the whole.
 */
async function* exactly(
  { length }: ByteRange,
  source: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = length;
  let held: Uint8Array | undefined;
  for await (const chunk of source) {
    left -= chunk.length;
    if (left < 0) break;
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (left !== 0) {
    throw notReadable(path, 'has changed in its store', 'Load its directory again.');
  }
  if (held !== undefined) yield held;
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

function notReadable(path: string, what: string, hint: string): StatusError {
  return new StatusError(Code.FAILED_PRECONDITION, `"${path}" ${what}.`, { path, hint });
}
