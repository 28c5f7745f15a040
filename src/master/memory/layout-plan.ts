/**
 * Where every region of the shared memory begins, for one configuration: the words that main writes
 * into the control region before any thread starts. Pure.
 */
import { assert } from '../../base/assert.js';
import { EXECUTOR_COUNT_MAX, SET_WAYS } from '../../base/limits.js';
import { NAME_SHARE_ROWS } from './kernel-constants.js';
import {
  CONTROL,
  CONTROL_BASE,
  CONTROL_BYTES,
  CONTROL_MAGIC,
  DROPPED_LIST_BYTES,
  EXECUTOR_BYTES,
  FILTER_BLOCK_BYTES,
  LARGE_SET_BYTES,
  RETRY_BYTES,
  SMALL_SET_BYTES,
} from './layout.js';
import { COUNTER_BYTES } from './layout-counters.js';
import { DIRTY_ENTRY_BYTES, DIRTY_ROW_BYTES } from './layout-dirty.js';
import { LAYOUT_HASH } from './layout-tables.js';

/** What the layout depends on. All sizes in bytes. */
export type LayoutOptions = {
  readonly executorCount: number;
  readonly tier1Bytes: number;
  readonly lockStripeCount: number;
  readonly ringBytes: number;
  readonly sideRingBytes: number;
  readonly retryEntryCount: number;
  /** Bytes of the key filter; without it there is none. */
  readonly filterBytes?: number;
  /** Also check the expensive invariants. */
  readonly checked?: boolean;
};

/** Control words by name, with the value each must have. */
export type Layout = { readonly words: ReadonlyMap<number, number>; readonly bytes: number };

/** What a 32-bit WebAssembly memory can address: a page less than 4 GiB. */
export const SHARED_BYTES_MAX = 65_535 * 65_536;

const DIRTY_ROW_COUNT = 65_536;
const STRING_BLOB_BYTES = 4 * 1024 * 1024;
const MOUNT_BLOB_BYTES = 1024 * 1024;
/** A slot of an epoch takes about 160 bytes of it, and an epoch may hold an eighth of all slots. */
const FLUSH_ARENA_SHARE = 1 / 8;
const FLUSH_ARENA_BYTES_MIN = 24 * 1024 * 1024;
const FLUSH_ARENA_BYTES_MAX = 128 * 1024 * 1024;
/** The part of tier 1 that holds names longer than SMALL_NAME_BYTES_MAX. */
const LARGE_SHARE = 1 / 8;

/** The layout for valid options; the rules of the configuration make sure that they are valid. */
export function planLayout(options: LayoutOptions): Layout {
  assert(options.executorCount > 0, 'somebody looks at the memory');
  assert(options.executorCount <= EXECUTOR_COUNT_MAX, 'executors fit the claim bitmap');
  assert((options.ringBytes & (options.ringBytes - 1)) === 0, 'ring size is a power of two');
  const { retryEntryCount, lockStripeCount } = options;
  assert(lockStripeCount % 2 === 0, 'stripes have two sides');
  assert((retryEntryCount & (retryEntryCount - 1)) === 0, 'retry rows are a power of two');
  const layout = placeRegions(options);
  assert(layout.bytes <= SHARED_BYTES_MAX, 'the layout fits a WebAssembly memory');
  return layout;
}

/** Bytes of shared memory that the options need, even if that is more than there can be. */
export function layoutBytes(options: LayoutOptions): number {
  return placeRegions(options).bytes;
}

/**
 * Tier 1 gets at most `tier1Bytes`: set counts are any number (not only powers of two: a set is
 * chosen by multiply-shift), at least 4 a table.
 */
function placeRegions(options: LayoutOptions): Layout {
  const words = new Map<number, number>();
  let end = CONTROL_BASE + CONTROL_BYTES;
  const place = (word: number, bytes: number): void => {
    end = align(end, 4096);
    words.set(word, end);
    end += bytes;
  };
  const smallSets = Math.max(
    4,
    Math.floor((options.tier1Bytes * (1 - LARGE_SHARE)) / SMALL_SET_BYTES),
  );
  const largeSets = Math.max(4, Math.floor((options.tier1Bytes * LARGE_SHARE) / LARGE_SET_BYTES));
  const slotCount = (smallSets + largeSets) * SET_WAYS;

  words.set(CONTROL.CHECKED, options.checked === true ? 1 : 0);
  words.set(CONTROL.EXECUTOR_COUNT, options.executorCount);
  place(CONTROL.EXECUTOR_BASE, options.executorCount * EXECUTOR_BYTES);
  place(CONTROL.COUNTER_BASE, options.executorCount * COUNTER_BYTES);
  words.set(CONTROL.RING_BYTES, options.ringBytes);
  place(CONTROL.RING_BASE, options.executorCount * options.ringBytes);
  words.set(CONTROL.LOCK_STRIPE_COUNT, options.lockStripeCount);
  place(CONTROL.LOCK_WRITER_BASE, options.lockStripeCount * 4);
  place(CONTROL.LOCK_TICKET_BASE, options.lockStripeCount * 4);
  place(CONTROL.LOCK_COLUMN_BASE, options.executorCount * options.lockStripeCount * 4);
  words.set(CONTROL.DIRTY_ROW_COUNT, DIRTY_ROW_COUNT);
  place(CONTROL.DIRTY_ROW_BASE, DIRTY_ROW_COUNT * DIRTY_ROW_BYTES);
  words.set(CONTROL.DIRTY_LIST_CAPACITY, slotCount);
  place(CONTROL.DIRTY_LIST_BASE, 2 * slotCount * DIRTY_ENTRY_BYTES);
  place(CONTROL.DROPPED_BASE, 2 * DROPPED_LIST_BYTES);
  words.set(CONTROL.SIDE_BYTES, options.sideRingBytes);
  place(CONTROL.SIDE_BASE, options.sideRingBytes);
  const retryCount = options.retryEntryCount;
  words.set(CONTROL.RETRY_COUNT, retryCount);
  place(CONTROL.RETRY_BASE, retryCount * RETRY_BYTES);
  // Heads of the chains, then the rows' links.
  place(CONTROL.RETRY_INDEX_BASE, 2 * retryCount * 4);
  place(CONTROL.STRING_INDEX_BASE, 65_536 * 8);
  words.set(CONTROL.STRING_BLOB_BYTES, STRING_BLOB_BYTES);
  place(CONTROL.STRING_BLOB_BASE, STRING_BLOB_BYTES);
  place(CONTROL.NAME_SHARE_BASE, NAME_SHARE_ROWS * 4);
  words.set(CONTROL.MOUNT_BYTES, MOUNT_BLOB_BYTES);
  place(CONTROL.MOUNT_BASE, MOUNT_BLOB_BYTES);
  const arenaBytes = Math.min(
    Math.max(FLUSH_ARENA_BYTES_MIN, Math.ceil(options.tier1Bytes * FLUSH_ARENA_SHARE)),
    FLUSH_ARENA_BYTES_MAX,
  );
  words.set(CONTROL.FLUSH_ARENA_BYTES, arenaBytes);
  place(CONTROL.FLUSH_ARENA_BASE, arenaBytes);
  const filterBlocks = Math.floor((options.filterBytes ?? 0) / FILTER_BLOCK_BYTES);
  words.set(CONTROL.FILTER_BLOCK_COUNT, filterBlocks);
  place(CONTROL.FILTER_BASE, filterBlocks * FILTER_BLOCK_BYTES);
  words.set(CONTROL.SMALL_SET_COUNT, smallSets);
  place(CONTROL.SMALL_BASE, smallSets * SMALL_SET_BYTES);
  words.set(CONTROL.LARGE_SET_COUNT, largeSets);
  place(CONTROL.LARGE_BASE, largeSets * LARGE_SET_BYTES);
  const bytes = align(end, 65_536);
  words.set(CONTROL.MAGIC, CONTROL_MAGIC);
  words.set(CONTROL.LAYOUT_HASH, LAYOUT_HASH);
  return { words, bytes };
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
