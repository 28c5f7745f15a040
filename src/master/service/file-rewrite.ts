/**
 * A new content for a file that is there: its id, owner, mode and attributes stay. The bytes go
 * over the very content that they were made of, in the store first and then in the namespace;
 * whoever reads the old one fails or waits, and never sees a mixture.
 */
import type { CallContext, RewriteOptions } from '../../api/file-service.js';
import type { FileStatus } from '../../api/file-status.js';
import { Code, StatusError } from '../../base/status.js';
import { fingerprint, type UfsStatus } from '../../stores/ufs.js';
import type { Executor } from '../executor/executor.js';
import type { Scheduler } from '../executor/scheduler.js';
import { Bits } from '../memory/kernel-constants.js';
import { FLAG_COMPLETED, FLAG_PERSISTED } from '../memory/record.js';
import { readRecord } from '../memory/record-fields.js';
import type { Mount } from '../mount/mount-table.js';
import type { Origin } from '../mount/store-path.js';
import type { Stores } from '../mount/stores.js';
import { checkBits, checkWay, checkWritableMount } from '../ops/mechanism/access.js';
import { invalid, requireFound } from '../ops/mechanism/failures.js';
import { FlushBarrier } from '../ops/mechanism/flush-barrier.js';
import { InodeLookup } from '../ops/mechanism/inode-lookup.js';
import { awaitPath, LoadType, nothingAsked } from '../ops/mechanism/loading.js';
import { originOf } from '../ops/mechanism/origins.js';
import { reading, submitted } from '../ops/mechanism/promise-calls.js';
import { CompleteFile } from '../ops/verbs/complete-file.js';
import { cleanPath, statusOf } from './file-status.js';

/** Renames of the file while it is written that are followed. */
const MOVES_MAX = 8;

const encoder = new TextEncoder();
const neverAborted = new AbortController().signal;

type Place = { readonly id: number; readonly mount: Mount; readonly origin: Origin };
type Parts = { readonly scheduler: Scheduler; readonly stores: Stores };

export async function rewriteFile(
  parts: Parts,
  call: CallContext,
  path: string,
  source: AsyncIterable<Uint8Array>,
  { fingerprint: over }: RewriteOptions,
): Promise<FileStatus> {
  const { scheduler, stores } = parts;
  const place = await placeOf(scheduler, call, path, over);
  const store = await stores.open(place.mount);
  const signal = call.signal ?? neverAborted;
  let written: UfsStatus;
  try {
    written = await store.write(place.origin.path, source, { ifMatch: over, signal });
  } catch (error) {
    const isOther = error instanceof StatusError && error.code === Code.FAILED_PRECONDITION;
    throw isOther ? changed(path) : error;
  }
  return commit(scheduler, call, path, { id: place.id, over, written });
}

function placeOf(
  scheduler: Scheduler,
  call: CallContext,
  path: string,
  over: number,
): Promise<Place> {
  const asked = nothingAsked();
  const look = (executor: Executor): Place => {
    const walk = executor.walkA;
    executor.resolve(walk, encoder.encode(path));
    checkWay(executor, call.caller, walk);
    awaitPath(executor, walk, LoadType.ONCE, asked);
    requireFound(walk);
    const { depth } = walk;
    const text = walk.text();
    if (!walk.isFile(depth)) {
      throw invalid(text, `"${text}" is a directory.`, 'Name a file in it.');
    }
    checkWritableMount(executor, walk, depth);
    checkBits(executor, call.caller, walk, depth, Bits.WRITE);
    const { flags, fingerprint: now } = readRecord(executor.shared.view, walk.record);
    const mount = executor.mounts.byId(walk.mountId(depth));
    const isWhole = (flags & FLAG_COMPLETED) !== 0 && (flags & FLAG_PERSISTED) !== 0;
    if (!isWhole || mount === undefined) throw notWritten(text);
    if (now !== over) throw changed(text);
    return { id: walk.id(depth), mount, origin: originOf(executor, walk) };
  };
  return reading(scheduler, 'rewrite', call.caller, look, call);
}

/** The file may have been renamed while its bytes came: they are its own wherever it is. */
async function commit(
  scheduler: Scheduler,
  call: CallContext,
  path: string,
  { id, over, written }: { id: number; over: number; written: UfsStatus },
): Promise<FileStatus> {
  const { caller, callId = 0 } = call;
  const change = {
    length: written.length,
    mtimeMs: written.mtimeMs,
    fingerprint: fingerprint(written),
    persisted: true,
    inodeId: id,
    over,
  };
  let at = path;
  for (let moves = 0; ; moves++) {
    const options = { ...change, path: encoder.encode(at) };
    try {
      const make = (sink: ConstructorParameters<typeof CompleteFile>[3]) =>
        new CompleteFile(caller, callId, options, sink);
      const { inode } = await submitted(scheduler, make);
      return statusOf(scheduler.executor, inode!, { path: cleanPath(at) });
    } catch (error) {
      const isMoved = error instanceof StatusError && error.code === Code.NOT_FOUND;
      if (!isMoved || moves === MOVES_MAX) throw error;
    }
    at = await pathOf(scheduler, id);
  }
}

function pathOf(scheduler: Scheduler, id: number): Promise<string> {
  const lookup = new InodeLookup(id, new FlushBarrier());
  const caller = { user: scheduler.executor.options.superuser, groups: [], clientId: 0 };
  return reading(scheduler, 'rewrite', caller, (executor) => {
    lookup.resolve(executor, caller, executor.walkA);
    return executor.walkA.text();
  });
}

const changed = (path: string): StatusError =>
  new StatusError(Code.ABORTED, `"${path}" has another content by now.`, {
    path,
    hint: 'Read it again, and write over that.',
  });

const notWritten = (path: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, `"${path}" is not whole in a store.`, {
    path,
    hint: 'Try again when it is complete.',
  });
