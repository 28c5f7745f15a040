/**
 * Brings one directory's listing from its store into the namespace, page by page. Each page is a
 * LoadBatch or a few; between pages nothing is locked.
 *
 *   store:      list page ─▶       list page ─▶        last page ─▶
 *   namespace:            LoadBatch          LoadBatch             LoadBatch + CHILDREN_LOADED
 */
import { ENTRY_BYTES_MAX, LIST_PAGE_ENTRIES_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import type { Skips } from '../../stores/skips.js';
import type { UfsStatus } from '../../stores/ufs.js';
import type { Caller } from '../executor/caller.js';
import type { Scheduler } from '../executor/scheduler.js';
import { CONTROL } from '../memory/layout.js';
import { FLAG_CHILDREN_LOADED } from '../memory/record.js';
import { readRecord } from '../memory/record-fields.js';
import { isEnding } from '../memory/state.js';
import type { Mount } from '../mount/mount-table.js';
import type { Origin } from '../mount/store-path.js';
import type { Stores } from '../mount/stores.js';
import { originOf } from '../ops/mechanism/origins.js';
import { reading } from '../ops/mechanism/promise-calls.js';
import { LoadBatch, type LoadedBatch, loadRoom } from '../ops/verbs/load-batch.js';
import { checkLoad } from './load-access.js';
import type { StorePatience } from './store-patience.js';

/** Half of what an entry may hold: so a ring of 1 MiB takes several at a time. */
const BATCH_BYTES_MAX = ENTRY_BYTES_MAX / 2;
const encoder = new TextEncoder();

export type LoadContext = {
  readonly scheduler: Scheduler;
  readonly stores: Stores;
  /** The superuser, in whose name metadata is loaded. */
  readonly caller: Caller;
  /** Entries of a listing that are taken at a time. */
  readonly pageEntries: number;
  /** For jobs: they wait if a store asks for fewer calls; a user's call does not. */
  readonly patience?: StorePatience;
};

/** A directory of the namespace and its place in a store. */
export type Place = {
  readonly path: string;
  readonly id: number;
  readonly isLoaded: boolean;
  /** Children in the namespace. */
  readonly length: number;
  readonly mount: Mount;
  readonly origin: Origin;
};

/** Undefined: no such directory, or no store behind it. `caller` must be allowed to load it. */
export function findPlace(
  context: LoadContext,
  path: string,
  caller: Caller = context.caller,
): Promise<Place | undefined> {
  return reading(context.scheduler, 'load', caller, (executor) => {
    const walk = executor.walkA;
    executor.resolve(walk, encoder.encode(path));
    const { depth } = walk;
    if (!walk.found || !walk.isDirectory(depth)) return undefined;
    checkLoad(executor, caller);
    const mount = executor.mounts.byId(walk.mountId(depth));
    if (mount === undefined) return undefined;
    return {
      path: walk.text(),
      id: walk.id(depth),
      isLoaded: (walk.flags(depth) & FLAG_CHILDREN_LOADED) !== 0,
      length: readRecord(executor.shared.view, walk.record).length,
      mount,
      origin: originOf(executor, walk),
    };
  });
}

/** Called between two steps of long work: a stopping master waits for it. */
export function refuseEnding({ scheduler }: Pick<LoadContext, 'scheduler'>): void {
  if (!isEnding(scheduler.executor.shared.load(CONTROL.STATE))) return;
  throw new StatusError(Code.UNAVAILABLE, 'The master is stopping.', {
    hint: 'Try again when it is up.',
  });
}

export type LoadedPage = LoadedBatch & {
  readonly entryCount: number;
  /** Bytes of the listed files. */
  readonly bytes: number;
  /** Of the entries. */
  readonly names: readonly string[];
  /** Entries that the listing left out. */
  readonly skipped: Skips;
  /** Where the next page begins; undefined: that was the last. */
  readonly cursor: string | undefined;
};

/** Lists one page after `cursor` and adds what is missing. */
export async function loadPage(
  context: LoadContext,
  place: Place,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<LoadedPage> {
  refuseEnding(context);
  const store = await context.stores.open(place.mount);
  const limit = Math.min(context.pageEntries, LIST_PAGE_ENTRIES_MAX);
  const list = () => store.list(place.origin.path, { startAfter: cursor, limit, signal });
  const page = await (context.patience?.run(place.mount.mountId, signal, list) ?? list());
  const isLast = page.nextStartAfter === undefined;
  const batches = cut(page.entries);
  let added = 0;
  const directories: LoadedBatch['directories'][number][] = [];
  const others: LoadedBatch['others'][number][] = [];
  for (const [i, entries] of batches.entries()) {
    signal.throwIfAborted();
    refuseEnding(context);
    const last = isLast && i === batches.length - 1;
    const batch = await addBatch(context, place, entries, last);
    added += batch.added;
    directories.push(...batch.directories);
    others.push(...batch.others);
  }
  return {
    added,
    directories,
    others,
    names: page.entries.map(({ name }) => name),
    entryCount: page.entries.length,
    bytes: page.entries.reduce((sum, { length }) => sum + length, 0),
    skipped: page.skipped,
    cursor: page.nextStartAfter,
  };
}

/** Adds entries to the directory; `last`: it is loaded then. */
export function addBatch(
  context: LoadContext,
  place: Pick<Place, 'path' | 'id' | 'origin'>,
  entries: readonly UfsStatus[],
  last: boolean,
): Promise<LoadedBatch> {
  return new Promise((resolve, reject) => {
    const options = {
      path: encoder.encode(place.path),
      directoryId: place.id,
      storePath: place.origin.path,
      entries,
      last,
    };
    context.scheduler.submit(new LoadBatch(context.caller, options, resolve, reject));
  });
}

/**
 * Splits entries into batches that fit one journal entry; at least one batch, which may be empty.
 */
function cut(entries: readonly UfsStatus[]): (readonly UfsStatus[])[] {
  const batches: (readonly UfsStatus[])[] = [];
  let from = 0;
  let bytes = 0;
  for (const [i, { name }] of entries.entries()) {
    const room = loadRoom(name);
    if (bytes + room > BATCH_BYTES_MAX) {
      batches.push(entries.slice(from, i));
      from = i;
      bytes = 0;
    }
    bytes += room;
  }
  batches.push(entries.slice(from));
  return batches;
}

export const isStatus = (error: unknown, code: number): boolean =>
  error instanceof StatusError && error.code === code;
