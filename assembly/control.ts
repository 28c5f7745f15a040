/**
 * The words that every kernel needs and that never change after start, copied once from the control
 * region into globals of this instance; and the atomic 64-bit words of the shared memory.
 *
 * Invariant: `init` is the first call into an instance; nothing else may run before it.
 * A u64 crosses to JavaScript as f64: every such value is below 2^53.
 */
import { initCrc } from './crc32c';
import {
  CONTROL_BASE,
  CONTROL_COUNTER_BASE,
  CONTROL_DIRTY_LIST_BASE,
  CONTROL_DIRTY_LIST_CAPACITY,
  CONTROL_DIRTY_ROW_BASE,
  CONTROL_DIRTY_ROW_COUNT,
  CONTROL_EXECUTOR_BASE,
  CONTROL_EXECUTOR_COUNT,
  CONTROL_FILTER_BASE,
  CONTROL_FILTER_BLOCK_COUNT,
  CONTROL_FLUSH_ARENA_BASE,
  CONTROL_FLUSH_ARENA_BYTES,
  CONTROL_LARGE_BASE,
  CONTROL_LARGE_SET_COUNT,
  CONTROL_LOCK_COLUMN_BASE,
  CONTROL_LOCK_STRIPE_COUNT,
  CONTROL_LOCK_TICKET_BASE,
  CONTROL_LOCK_WRITER_BASE,
  CONTROL_RETRY_BASE,
  CONTROL_RETRY_COUNT,
  CONTROL_RETRY_INDEX_BASE,
  CONTROL_RING_BASE,
  CONTROL_RING_BYTES,
  CONTROL_SMALL_BASE,
  CONTROL_SMALL_SET_COUNT,
  CONTROL_STRING_BLOB_BASE,
  CONTROL_STRING_INDEX_BASE,
  COUNTER_BYTES,
  EXECUTOR_BYTES,
  LAYOUT_HASH,
} from './generated/layout';

/** Address of this instance's executor block. */
export let EXEC: u32 = 0;
/** Address of this instance's counters. */
let COUNTERS: u32 = 0;
export let EXECUTOR_INDEX: u32 = 0;
export let EXECUTOR_COUNT: u32 = 0;
export let RING_BASE: u32 = 0;
export let RING_BYTES: u32 = 0;
export let LOCK_WRITER_BASE: u32 = 0;
export let LOCK_TICKET_BASE: u32 = 0;
export let LOCK_COLUMN_BASE: u32 = 0;
export let LOCK_STRIPE_COUNT: u32 = 0;
export let SMALL_BASE: u32 = 0;
export let SMALL_SET_COUNT: u32 = 0;
export let LARGE_BASE: u32 = 0;
export let LARGE_SET_COUNT: u32 = 0;
export let DIRTY_ROW_BASE: u32 = 0;
export let DIRTY_ROW_COUNT: u32 = 0;
export let DIRTY_LIST_BASE: u32 = 0;
export let DIRTY_LIST_CAPACITY: u32 = 0;
export let RETRY_BASE: u32 = 0;
export let RETRY_COUNT: u32 = 0;
export let RETRY_INDEX_BASE: u32 = 0;
export let STRING_INDEX_BASE: u32 = 0;
export let STRING_BLOB_BASE: u32 = 0;
export let FLUSH_ARENA_BASE: u32 = 0;
export let FLUSH_ARENA_BYTES: u32 = 0;
export let FILTER_BASE: u32 = 0;
export let FILTER_BLOCK_COUNT: u32 = 0;

/** Reads the globals; returns the layout that this module was compiled for, 0 if it has no room. */
export function init(executor: u32): u32 {
  SMALL_BASE = word(CONTROL_SMALL_BASE);
  SMALL_SET_COUNT = word(CONTROL_SMALL_SET_COUNT);
  LARGE_BASE = word(CONTROL_LARGE_BASE);
  LARGE_SET_COUNT = word(CONTROL_LARGE_SET_COUNT);
  DIRTY_ROW_BASE = word(CONTROL_DIRTY_ROW_BASE);
  DIRTY_ROW_COUNT = word(CONTROL_DIRTY_ROW_COUNT);
  DIRTY_LIST_BASE = word(CONTROL_DIRTY_LIST_BASE);
  DIRTY_LIST_CAPACITY = word(CONTROL_DIRTY_LIST_CAPACITY);
  RETRY_BASE = word(CONTROL_RETRY_BASE);
  RETRY_COUNT = word(CONTROL_RETRY_COUNT);
  RETRY_INDEX_BASE = word(CONTROL_RETRY_INDEX_BASE);
  STRING_INDEX_BASE = word(CONTROL_STRING_INDEX_BASE);
  STRING_BLOB_BASE = word(CONTROL_STRING_BLOB_BASE);
  FLUSH_ARENA_BASE = word(CONTROL_FLUSH_ARENA_BASE);
  FLUSH_ARENA_BYTES = word(CONTROL_FLUSH_ARENA_BYTES);
  FILTER_BASE = word(CONTROL_FILTER_BASE);
  FILTER_BLOCK_COUNT = word(CONTROL_FILTER_BLOCK_COUNT);
  RING_BASE = word(CONTROL_RING_BASE);
  RING_BYTES = word(CONTROL_RING_BYTES);
  LOCK_WRITER_BASE = word(CONTROL_LOCK_WRITER_BASE);
  LOCK_TICKET_BASE = word(CONTROL_LOCK_TICKET_BASE);
  LOCK_COLUMN_BASE = word(CONTROL_LOCK_COLUMN_BASE);
  LOCK_STRIPE_COUNT = word(CONTROL_LOCK_STRIPE_COUNT);
  EXECUTOR_COUNT = word(CONTROL_EXECUTOR_COUNT);
  EXECUTOR_INDEX = executor;
  EXEC = word(CONTROL_EXECUTOR_BASE) + executor * EXECUTOR_BYTES;
  COUNTERS = word(CONTROL_COUNTER_BASE) + executor * COUNTER_BYTES;
  return initCrc() ? LAYOUT_HASH : 0;
}

/** Adds to a counter of this instance's thread. */
// @ts-ignore: decorator
@inline
export function count(counter: u32, n: f64): void {
  store<f64>(COUNTERS + counter, load<f64>(COUNTERS + counter) + n);
}

export function load64(pointer: usize): f64 {
  return f64(atomic.load<u64>(pointer));
}

export function store64(pointer: usize, value: f64): void {
  atomic.store<u64>(pointer, u64(value));
}

/** Returns the value from before. */
export function add64(pointer: usize, value: f64): f64 {
  return f64(atomic.add<u64>(pointer, u64(value)));
}

export function max64(pointer: usize, value: f64): void {
  raise64(pointer, u64(value));
}

/** Raises the word to at least `value`; a word under it only ever grows. */
export function raise64(pointer: usize, value: u64): void {
  let seen = atomic.load<u64>(pointer);
  while (seen < value) {
    const found = atomic.cmpxchg<u64>(pointer, seen, value);
    if (found == seen) return;
    seen = found;
  }
}

// @ts-ignore: decorator
@inline
function word(offset: u32): u32 {
  return atomic.load<u32>(CONTROL_BASE + offset);
}
