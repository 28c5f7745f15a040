/**
 * How many new user and group names a client may bring, so that no client takes the numbers that
 * others need. A number is never given back, because records of both tiers and the journal hold it.
 *
 *   a unit    64 bytes of a name, at least one: 65,536 names of that length fill the table
 *   a share   a sixteenth of the free units, a client and a day; never fewer than 16
 *   reserve   the last 1,024 units are the superuser's and the supergroup's, who have no share
 *
 * A client is its address, because under simple authentication it may give any user. Calls of this
 * process have no address, so their user counts. The counts stand in shared memory, in rows by a
 * hash of the client; two clients in one row share one share. A restart forgets them.
 *
 * Invariant: used only under the lock of all names (intern-call.ts).
 */
import { assert } from '../../base/assert.js';
import { INTERNED_BYTES_MAX, INTERNED_COUNT_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import { NAME_SHARE_ROWS } from '../memory/kernel-constants.js';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import type { Caller } from './caller.js';

export const NAME_RESERVE_UNITS = 1024;
const UNIT_BYTES = 64;
const SHARE_PART = 16;
const SHARE_UNITS_MIN = 16;
const DAY_MS = 86_400_000;
const ROW_BYTES = 4;

/** Counts a name of this many bytes; throws when the caller may bring none. */
export function takeNameShare(shared: SharedMemory, caller: Caller, bytes: number): void {
  assert(bytes <= INTERNED_BYTES_MAX, 'longer names are refused before');
  const units = Math.max(1, Math.ceil(bytes / UNIT_BYTES));
  const free = freeUnits(shared);
  if (free - units < NAME_RESERVE_UNITS) throw reserved();
  beginDay(shared);
  const at = shared.fixed(CONTROL.NAME_SHARE_BASE) + rowOf(caller) * ROW_BYTES;
  const taken = shared.view.getUint32(at, true);
  const share = Math.max(SHARE_UNITS_MIN, Math.floor((free + taken) / SHARE_PART));
  if (taken + units > share) throw shareTaken();
  shared.view.setUint32(at, taken + units, true);
}

function freeUnits(shared: SharedMemory): number {
  const bytes = shared.fixed(CONTROL.STRING_BLOB_BYTES) - shared.load(CONTROL.STRING_USED);
  const count = INTERNED_COUNT_MAX - shared.load(CONTROL.STRING_COUNT);
  return Math.min(count, Math.floor(bytes / UNIT_BYTES));
}

function beginDay(shared: SharedMemory): void {
  const day = Math.floor(Date.now() / DAY_MS);
  if (day === shared.load(CONTROL.NAME_SHARE_DAY)) return;
  const base = shared.fixed(CONTROL.NAME_SHARE_BASE);
  shared.u8.fill(0, base, base + NAME_SHARE_ROWS * ROW_BYTES);
  shared.store(CONTROL.NAME_SHARE_DAY, day);
}

/** FNV-1a. */
function rowOf({ source, user }: Caller): number {
  const text = source ?? `user ${user}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & (NAME_SHARE_ROWS - 1);
}

const HINT =
  'Call as a user, and with groups, that the master has seen before; ' +
  'or have the superuser chown a file to the new name.';

function shareTaken(): StatusError {
  return new StatusError(
    Code.RESOURCE_EXHAUSTED,
    'This client has brought as many new user and group names today as one client may.',
    { hint: HINT, retryAfterMs: msToTomorrow() },
  );
}

function reserved(): StatusError {
  return new StatusError(
    Code.RESOURCE_EXHAUSTED,
    'The numbers for user and group names that are left are kept for the superuser.',
    { hint: HINT, retryAfterMs: DAY_MS },
  );
}

const msToTomorrow = (): number => DAY_MS - (Date.now() % DAY_MS);
