/**
 * Compares the key filter with tier 2 while both are in use. A key that the filter lacks would be
 * an inode that nobody can find.
 *
 * Why this raises no false alarm: the state is read first, then a snapshot of tier 2 is taken. As
 * long as the state is the same, the filter holds every key that tier 2 had at any time until now.
 */
import { setImmediate } from 'node:timers/promises';
import { CONTROL, FILTER_BLOCK_BYTES } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { filterBits } from '../memory/twin/filter.js';
import { hashKey } from '../memory/twin/hash.js';
import { splitKey } from '../storage/inode-key.js';
import type { Tier2 } from '../storage/tier2.js';
import type { Findings } from './findings.js';

const KEYS_PER_TURN = 2000;

/** The number of keys that were looked up: 0 if the filter is not complete. */
export async function checkFilter(
  shared: SharedMemory,
  tier2: Tier2,
  findings: Findings,
  signal: AbortSignal,
): Promise<number> {
  const state = shared.load(CONTROL.FILTER_STATE);
  if ((state & 1) === 0) return 0;
  let count = 0;
  let from = new Uint8Array(0);
  for (;;) {
    tier2.releaseSnapshot();
    const keys = [...tier2.inodes.getKeys({ start: from, limit: KEYS_PER_TURN })];
    for (const key of keys) {
      if (holds(shared, key)) continue;
      if (shared.load(CONTROL.FILTER_STATE) !== state) return count;
      const { parentId, name } = splitKey(key);
      const path = `(inode ${parentId})/${new TextDecoder().decode(name)}`;
      findings.add('filter-lacks', 0, path, 'it has a row on disk, and is not in the filter');
    }
    count += keys.length;
    if (keys.length < KEYS_PER_TURN) break;
    from = Buffer.concat([keys.at(-1)!, Uint8Array.of(0)]);
    await setImmediate();
    signal.throwIfAborted();
  }
  tier2.releaseSnapshot();
  return count;
}

function holds(shared: SharedMemory, key: Uint8Array): boolean {
  const { parentId, name } = splitKey(key);
  const hash = hashKey(BigInt(parentId), name);
  const { block, bits } = filterBits(hash, shared.fixed(CONTROL.FILTER_BLOCK_COUNT));
  const at = shared.fixed(CONTROL.FILTER_BASE) + block * FILTER_BLOCK_BYTES;
  return bits.every((bit) => (shared.u8[at + (bit >> 3)]! & (1 << (bit & 7))) !== 0);
}
