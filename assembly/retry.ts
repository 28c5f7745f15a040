/**
 * The retry window: which calls were applied, so that a repeated call gets its first answer. A ring
 * of rows in the order of their seqs, with hash chains through it, newest first:
 *
 *   index[hash] ─▶ row 907 ─▶ next[907] ─▶ row 311 ─▶ …        positions count rows ever noted
 *   live: head - COUNT <= position < head (modulo 2^32)
 *
 * The oldest row is always the last of its chain, so it is removed by being overwritten. A reader
 * that meets its position sees that it is too old, and stops. Only the writer adds rows; every
 * executor searches.
 *
 * Invariant: a row's SEQ is 0 while the writer changes the row, and every seq is noted once, so
 *   SEQ is the row's own seqlock: equal and not 0 before and after a copy = the copy is whole.
 * Invariant: RETRY_HEAD moves before the index shows the row, so no position of the index is ahead.
 */
import { RETRY_BASE, RETRY_COUNT, RETRY_INDEX_BASE } from './control';
import {
  CONTROL_BASE,
  CONTROL_RETRY_EARLY,
  CONTROL_RETRY_EARLY_MS,
  CONTROL_RETRY_HEAD,
  CONTROL_RETRY_WINDOW_MS,
  RETRY_BYTES,
  RETRY_CALL_ID,
  RETRY_CLIENT_ID,
  RETRY_INODE_ID,
  RETRY_SEQ,
  RETRY_TIME,
} from './generated/layout';

/** Buckets of the index in a cache line. */
const LINE_BUCKETS: u32 = 16;

export function retryNote(clientId: u64, callId: u64, seq: u64, inodeId: u64, timeMs: i64): void {
  const head = atomic.load<u64>(CONTROL_BASE + CONTROL_RETRY_HEAD);
  const position = u32(head);
  const row = rowOf(position);
  countEarly(row, timeMs);
  atomic.store<u64>(row, 0, RETRY_SEQ);
  // Atomic, so that none of them can move above the 0: readers would see new fields with an old
  // seq.
  atomic.store<u64>(row, clientId, RETRY_CLIENT_ID);
  atomic.store<u64>(row, callId, RETRY_CALL_ID);
  atomic.store<u64>(row, inodeId, RETRY_INODE_ID);
  atomic.store<u64>(row, u64(timeMs), RETRY_TIME);
  const bucket = bucketOf(clientId, callId);
  atomic.store<u32>(nextOf(position), load<u32>(bucket));
  atomic.store<u64>(row, seq, RETRY_SEQ);
  atomic.store<u64>(CONTROL_BASE + CONTROL_RETRY_HEAD, head + 1);
  atomic.store<u32>(bucket, position);
}

/** As retryNote, from JavaScript, for rows of an earlier process. */
export function retryRestore(client: f64, call: f64, seq: f64, inode: f64, timeMs: f64): void {
  retryNote(u64(client), u64(call), u64(seq), u64(inode), i64(timeMs));
}

/** The key of a call of this kind: src/master/executor/retry-key.ts computes the same. */
export function retryKeyOf(callerKey: u64, kind: u32): u64 {
  return callerKey == 0 ? 0 : callerKey ^ (u64(kind) << 47);
}

export function retryFind(client: f64, call: f64, out: usize): bool {
  const clientId = u64(client);
  const callId = u64(call);
  let position = atomic.load<u32>(bucketOf(clientId, callId));
  let ageBefore: u32 = 0;
  for (;;) {
    const age = u32(atomic.load<u64>(CONTROL_BASE + CONTROL_RETRY_HEAD)) - position;
    // Ages rise along a chain; a younger row is left over from the previous round of the ring.
    if (age <= ageBefore || age > RETRY_COUNT) return false;
    ageBefore = age;
    const row = rowOf(position);
    const next = atomic.load<u32>(nextOf(position));
    const seq = atomic.load<u64>(row, RETRY_SEQ);
    const isIt =
      seq != 0 &&
      atomic.load<u64>(row, RETRY_CLIENT_ID) == clientId &&
      atomic.load<u64>(row, RETRY_CALL_ID) == callId;
    const inodeId = atomic.load<u64>(row, RETRY_INODE_ID);
    const timeMs = atomic.load<u64>(row, RETRY_TIME);
    // It was overwritten while it was read: so were all older ones.
    if (atomic.load<u64>(row, RETRY_SEQ) != seq) return false;
    if (isIt) {
      store<u64>(out, clientId, RETRY_CLIENT_ID);
      store<u64>(out, callId, RETRY_CALL_ID);
      store<u64>(out, seq, RETRY_SEQ);
      store<u64>(out, inodeId, RETRY_INODE_ID);
      store<u64>(out, timeMs, RETRY_TIME);
      return true;
    }
    position = next;
  }
  // biome-ignore lint/correctness/noUnreachable: the compiler wants a value on every way out.
  return false;
}

/** A row is evicted before its time: the ring is too small for the rate of writes. */
// @ts-ignore: decorator
@inline
function countEarly(row: usize, timeMs: i64): void {
  if (load<u64>(row, RETRY_SEQ) == 0) return;
  const ageMs = timeMs - load<i64>(row, RETRY_TIME);
  if (ageMs >= i64(load<u32>(CONTROL_BASE + CONTROL_RETRY_WINDOW_MS))) return;
  const early = CONTROL_BASE + CONTROL_RETRY_EARLY;
  const count = load<u64>(early);
  const youngest = CONTROL_BASE + CONTROL_RETRY_EARLY_MS;
  const age = u64(max<i64>(0, ageMs));
  if (count == 0 || age < load<u64>(youngest)) atomic.store<u64>(youngest, age);
  atomic.store<u64>(early, count + 1);
}

// @ts-ignore: decorator
@inline
function rowOf(position: u32): usize {
  return RETRY_BASE + (position & (RETRY_COUNT - 1)) * RETRY_BYTES;
}

/** The links of the chains stand after the index. */
// @ts-ignore: decorator
@inline
function nextOf(position: u32): usize {
  return RETRY_INDEX_BASE + ((RETRY_COUNT + (position & (RETRY_COUNT - 1))) << 2);
}

/** Consecutive calls of one client share a line: noting one brings the next into the cache. */
// @ts-ignore: decorator
@inline
function bucketOf(clientId: u64, callId: u64): usize {
  let hash = (clientId ^ rotl<u64>(callId / LINE_BUCKETS, 32)) * 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9;
  const line = u32(hash >> 32) * LINE_BUCKETS;
  const bucket = (line + u32(callId % LINE_BUCKETS)) & (RETRY_COUNT - 1);
  return RETRY_INDEX_BASE + (bucket << 2);
}
