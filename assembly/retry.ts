/**
 * The retry cache: which calls were already applied, so that a retried call gets its first
 * answer. Sets of RETRY_WAYS slots, chosen by a hash of (client id, call id); the oldest seq of a
 * set gives way. Only the writer notes; every executor finds.
 *
 * Invariant: a slot's SEQ is 0 while the writer changes the slot, and every seq is noted once, so
 *   SEQ is the slot's own seqlock: equal and not 0 before and after a copy = the copy is whole.
 */
import { RETRY_BASE, RETRY_SET_COUNT } from './control';
import {
  RETRY_BYTES,
  RETRY_CALL_ID,
  RETRY_CLIENT_ID,
  RETRY_INODE_ID,
  RETRY_SEQ,
  RETRY_WAYS,
} from './generated/layout';

export function retryNote(clientId: u64, callId: u64, seq: u64, inodeId: u64): void {
  const set = retrySetOf(clientId, callId);
  let victim = set;
  let oldest: u64 = u64.MAX_VALUE;
  for (let way: u32 = 0; way < RETRY_WAYS; way++) {
    const slot = set + way * RETRY_BYTES;
    const slotSeq = load<u64>(slot, RETRY_SEQ);
    // The same call again: a replay of its entry.
    if (
      slotSeq != 0 &&
      load<u64>(slot, RETRY_CLIENT_ID) == clientId &&
      load<u64>(slot, RETRY_CALL_ID) == callId
    ) {
      victim = slot;
      break;
    }
    if (slotSeq < oldest) {
      oldest = slotSeq;
      victim = slot;
    }
  }
  atomic.store<u64>(victim, 0, RETRY_SEQ);
  // Atomic, so that none of them can move above the 0: readers would see new fields, old seq.
  atomic.store<u64>(victim, clientId, RETRY_CLIENT_ID);
  atomic.store<u64>(victim, callId, RETRY_CALL_ID);
  atomic.store<u64>(victim, inodeId, RETRY_INODE_ID);
  atomic.store<u64>(victim, seq, RETRY_SEQ);
}

export function retryFind(client: f64, call: f64, out: usize): bool {
  const clientId = u64(client);
  const callId = u64(call);
  const set = retrySetOf(clientId, callId);
  for (let way: u32 = 0; way < RETRY_WAYS; way++) {
    const slot = set + way * RETRY_BYTES;
    const seq = atomic.load<u64>(slot, RETRY_SEQ);
    if (seq == 0 || atomic.load<u64>(slot, RETRY_CLIENT_ID) != clientId) continue;
    if (atomic.load<u64>(slot, RETRY_CALL_ID) != callId) continue;
    const inodeId = atomic.load<u64>(slot, RETRY_INODE_ID);
    // It gave way while it was read: then its call is so old that nobody retries it.
    if (atomic.load<u64>(slot, RETRY_SEQ) != seq) continue;
    store<u64>(out, clientId, RETRY_CLIENT_ID);
    store<u64>(out, callId, RETRY_CALL_ID);
    store<u64>(out, seq, RETRY_SEQ);
    store<u64>(out, inodeId, RETRY_INODE_ID);
    return true;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function retrySetOf(clientId: u64, callId: u64): usize {
  let hash = (clientId ^ rotl<u64>(callId, 32)) * 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9;
  const index = u32(((hash >> 32) * u64(RETRY_SET_COUNT)) >> 32);
  return RETRY_BASE + index * (RETRY_BYTES * RETRY_WAYS);
}
