/** A key of `inodes` (assembly/codec.ts draws it) as who hangs where. Pure. */
import { SHADOW_MARK, TRASH_BIT } from '../memory/record.js';

const ID_BYTES_MAX = 8;

/** The parent has TRASH_BIT for a trash shadow. Reads as much of a damaged key as possible. */
export function splitKey(key: Uint8Array): {
  readonly parentId: number;
  readonly name: Uint8Array;
} {
  const nameAt = 1 + Math.min(key[0] ?? 0, ID_BYTES_MAX);
  let parentId = 0;
  for (let i = 1; i < nameAt; i++) parentId = parentId * 256 + (key[i] ?? 0);
  if (key[nameAt] !== SHADOW_MARK) return { parentId, name: key.subarray(nameAt) };
  return { parentId: parentId + TRASH_BIT, name: key.subarray(nameAt + 1) };
}
