/** The account of net/byte-budget.ts for all threads of a master, in shared memory. */
import { type ByteAccount, GRANT_BYTES } from '../../net/byte-budget.js';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import type { Config } from '../settings/config.js';

export const heldBytesAccount = (shared: SharedMemory, { heldBytesMax }: Config): ByteAccount => ({
  max: Math.floor(heldBytesMax / GRANT_BYTES),
  add: (grants) => (shared.add(CONTROL.HELD_GRANTS, grants) + grants) | 0,
});
