/**
 * Identifies a call in the retry window and in the journal. Others may learn a client's id, so the
 * key includes the user and the kind of call. So nobody gets the answer of another's call, or of a
 * call of another kind, by using its numbers.
 *
 *   caller's key  53 bits of SHA-256 over client id and user, once for each session
 *   call's key    the caller's, with the kind of request (its number in the union) over bits 47-52
 *
 * Both keys stand where the client's id alone stood before, in entries and in rows of the window,
 * so the formats are unchanged. Calls from before an upgrade are not recognised after it. Groups
 * are not part of the key, because they may change while a call waits for its answer.
 */
import { createHash } from 'node:crypto';
import type { Caller } from './caller.js';

const HALF = 0x1_0000_0000;
/** Of the upper half, which has 21 bits. */
const KIND_SHIFT = 15;
const HIGH_BITS = 0x1f_ffff;

/** By the names of calls; the numbers are those of the schema's RequestBody. */
export const RETRY_KINDS: Readonly<Record<string, number>> = {
  createFile: 30,
  completeFile: 31,
  createDirectory: 32,
  rename: 34,
  delete: 35,
  undelete: 36,
  setAttribute: 37,
  mount: 60,
  unmount: 61,
  updateMount: 62,
};

/** 0: its calls are never repeated. */
export function callerKeyOf({ clientId, user }: Caller): number {
  if (clientId === 0) return 0;
  const digest = createHash('sha256').update(`${clientId}\0${user}`).digest();
  return (digest.readUInt32LE(4) & HIGH_BITS) * HALF + digest.readUInt32LE(0) || 1;
}

/** The key of a call of this kind; assembly/retry.ts computes the same. */
export function retryKeyOf(callerKey: number, name: string): number {
  if (callerKey === 0) return 0;
  const high = Math.floor(callerKey / HALF) ^ ((RETRY_KINDS[name] ?? 0) << KIND_SHIFT);
  return high * HALF + (callerKey >>> 0);
}
