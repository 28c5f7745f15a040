/**
 * Every number that the kernels and TypeScript share, in the order of generation: offsets, limits,
 * formats, codes, outcomes, and the kernels' knowledge of the schemas. A hash over them proves to
 * each thread that both sides agree. Pure.
 */

import { assert } from '../../base/assert.js';
import * as limits from '../../base/limits.js';
import {
  CALLER_GROUPS_MAX,
  FRAME_BYTES_MAX,
  PATH_BYTES_MAX,
  PATH_DEPTH_MAX,
} from '../../base/limits.js';
import { Code } from '../../base/status.js';
import { WIRE_NUMBERS, WIRE_WORDS } from '../../wire/generated/kernel-numbers.js';
import * as entry from './entry-format.js';
import {
  ApplyStatus,
  FillStatus,
  LookupStatus,
  PathFault,
  WalkStatus,
  WriteStatus,
} from './exports.js';
import { Bits, LOCK_SIDE, MODE, STRING_UNKNOWN } from './kernel-constants.js';
import { INVARIANT } from './kernel-invariants.js';
import {
  APPLY,
  CALLER,
  CALLER_BYTES,
  CHANGES_BYTES,
  CONTROL,
  CONTROL_BASE,
  CONTROL_BYTES,
  DROPPED_IDS_MAX,
  DROPPED_LIST_BYTES,
  EXECUTOR,
  EXECUTOR_BYTES,
  FILTER_BLOCK_BYTES,
  HELD,
  LARGE_SET_BYTES,
  LARGE_SLOT_BYTES,
  NODE,
  NODE_BYTES,
  RECORD_BYTES_MAX,
  REPLY_BYTES,
  RETRY,
  RETRY_BYTES,
  SET,
  SHOWN_MOUNT,
  SHOWN_MOUNT_BYTES,
  SHOWN_MOUNTS_MAX,
  SLOT,
  SMALL_SET_BYTES,
  SMALL_SLOT_BYTES,
  WALK,
  WALK_BYTES,
  WRITE,
  WRITE_LOCKS_MAX,
  WRITE_MOUNTS_MAX,
} from './layout.js';
import { COUNTER, COUNTER_BYTES, STORE_ROW_BYTES, STORE_ROWS } from './layout-counters.js';
import {
  BLOB,
  DIRTY_ENTRY,
  DIRTY_ENTRY_BYTES,
  DIRTY_ROW,
  DIRTY_ROW_BYTES,
} from './layout-dirty.js';
import { Op } from './op-codes.js';
import * as record from './record.js';
import { PAGE, PRESENCE, ROW } from './row-format.js';

export const LAYOUT_TABLES = {
  CONTROL,
  SET,
  SLOT,
  NODE,
  WALK,
  CALLER,
  WRITE,
  SHOWN_MOUNT,
  HELD,
  EXECUTOR,
  APPLY,
  COUNTER,
  BLOB,
  DIRTY_ROW,
  DIRTY_ENTRY,
  RETRY,
  CODE: Code,
  OP: Op,
  ROW,
  PRESENCE,
  PAGE,
  PERMIT: Bits,
  MODE,
  LOCK_SIDE,
  INVARIANT,
} as const;

/** Signed: results of kernels. */
export const STATUS_TABLES = {
  PATH: PathFault,
  WALK: WalkStatus,
  LOOKUP: LookupStatus,
  FILL: FillStatus,
  WRITE: WriteStatus,
  APPLY: ApplyStatus,
} as const;

export const LAYOUT_SCALARS = {
  ...numbersOf(limits),
  ...numbersOf(record),
  ...numbersOf(entry),
  CONTROL_BASE,
  FILTER_BLOCK_BYTES,
  SMALL_SLOT_BYTES,
  LARGE_SLOT_BYTES,
  SMALL_SET_BYTES,
  LARGE_SET_BYTES,
  RECORD_BYTES_MAX,
  NODE_BYTES,
  WALK_BYTES,
  CALLER_BYTES,
  WRITE_LOCKS_MAX,
  WRITE_MOUNTS_MAX,
  SHOWN_MOUNTS_MAX,
  SHOWN_MOUNT_BYTES,
  EXECUTOR_BYTES,
  REPLY_BYTES,
  CHANGES_BYTES,
  DIRTY_ROW_BYTES,
  DIRTY_ENTRY_BYTES,
  RETRY_BYTES,
  DROPPED_IDS_MAX,
  DROPPED_LIST_BYTES,
  COUNTER_BYTES,
  STRING_UNKNOWN,
} as const;

/** FNV-1a over the text of all tables: differs whenever any number differs. */
export const LAYOUT_HASH = hashText(
  JSON.stringify([LAYOUT_TABLES, STATUS_TABLES, LAYOUT_SCALARS, WIRE_NUMBERS, WIRE_WORDS]),
);

// What an edit of one table may break in another: seen as soon as a thread loads them.
assert(CONTROL.CLOSED_INODES + 4 * 8 <= CONTROL_BYTES, 'the control words fit their region');
assert(EXECUTOR_BYTES % 4096 === 0, 'blocks of executors are whole pages');
assert(EXECUTOR.REQUEST % 8 === 0 && EXECUTOR.REPLY % 8 === 0, 'frames are aligned as entries are');
assert(EXECUTOR.REQUEST + FRAME_BYTES_MAX <= EXECUTOR.REPLY, 'a request ends before a reply');
assert(EXECUTOR.REPLY + REPLY_BYTES <= EXECUTOR.ROW_KEY, 'a reply ends before what scans need');
assert(EXECUTOR.CALLER + CALLER_BYTES <= EXECUTOR.WRITE, 'a caller ends before what writes need');
assert(
  CALLER.GROUPS + 4 * CALLER_GROUPS_MAX <= CALLER.RETRY_KEY,
  'the groups of a caller end before its key',
);
assert(
  EXECUTOR.WRITE + WRITE.LOCKS_AGAIN + 4 * WRITE_LOCKS_MAX <= EXECUTOR.SHOWN_MOUNTS,
  'lock words end before the mounts',
);
assert(EXECUTOR.WALK_A % 8 === 0 && WALK_BYTES % 64 === 0, 'walks stand on lines of the cache');
assert(WALK.NODES + (PATH_DEPTH_MAX + 1) * NODE_BYTES <= WALK.PATH, 'nodes end before paths');
assert(WALK.PATH + PATH_BYTES_MAX <= WALK.RECORD, 'a path ends before the record');
assert(
  SLOT.RECORD % 8 === 0 && SMALL_SET_BYTES % 8 === 0 && LARGE_SET_BYTES % 8 === 0,
  'records of slots are aligned as in an entry',
);
assert(
  COUNTER.STORES + STORE_ROWS * STORE_ROW_BYTES <= COUNTER.CALLS,
  'counters of stores end before those of calls',
);
assert(DIRTY_ROW.NEWEST + 2 * 4 <= DIRTY_ROW_BYTES, 'a dirty row holds the chains of two epochs');

/** Sorted by name, because the order of a module's names depends on who loads it. */
function numbersOf(module: object): Record<string, number> {
  const entries: [string, unknown][] = Object.entries(module);
  const numbers = entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
  return Object.fromEntries(numbers.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash >>> 0;
}
