/**
 * What of a mount is in the namespace under another name than in its store, or in the trash: an
 * unmount forgets that, and the next mount shows the names of the store again.
 */
import { readU64 } from '../../base/word64.js';
import type { Caller } from '../executor/caller.js';
import type { Scheduler } from '../executor/scheduler.js';
import { SIDE_ORIGIN_BACK } from '../memory/entry-format.js';
import { originKey } from '../mount/store-path.js';
import { requireMountPoint } from '../ops/mechanism/mount-access.js';
import { reading } from '../ops/mechanism/promise-calls.js';
import { sideKey } from '../storage/tier2.js';
import { flushedSince } from './checkpoint.js';

/** More are not counted. */
const COUNT_MAX = 10_000;
const FIRST_MAX = 10;

export type MovedReport = {
  readonly count: number;
  /** There are more than were counted. */
  readonly isMore: boolean;
  /** Names in the store, and the inodes that have their data there. */
  readonly first: readonly { readonly storePath: string; readonly id: number }[];
};

export function movedData(
  scheduler: Scheduler,
  { caller, path, signal }: { caller: Caller; path: string; signal: AbortSignal },
): Promise<MovedReport> {
  const flush = flushedSince();
  const decoder = new TextDecoder();
  return reading(
    scheduler,
    'moved',
    caller,
    (executor) => {
      const { walkA, reader } = executor;
      executor.resolve(walkA, new TextEncoder().encode(path));
      const { mountId } = requireMountPoint(executor, walkA);
      flush(executor);
      reader.renew();
      const start = sideKey(SIDE_ORIGIN_BACK, originKey(mountId, ''));
      const first: { storePath: string; id: number }[] = [];
      let count = 0;
      for (const { key, value } of reader.tier2.side.getRange({ start, limit: COUNT_MAX + 1 })) {
        if (!start.every((byte, at) => key[at] === byte) || count === COUNT_MAX) break;
        count += 1;
        if (first.length === FIRST_MAX) continue;
        const storePath = decoder.decode(key.subarray(start.length)).split('\0')[0]!;
        const row = new DataView(value.buffer, value.byteOffset, value.byteLength);
        first.push({ storePath, id: readU64(row, 0) });
      }
      return { count, isMore: count === COUNT_MAX, first };
    },
    { signal },
  );
}
