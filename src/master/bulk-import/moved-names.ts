/**
 * Names that a store still has, but that the namespace has elsewhere: renamed and deleted inodes
 * keep their place in the store (mount/store-path.ts). An import leaves these names out, with
 * everything below them, as a load does.
 */
import { SIDE_ORIGIN_BACK } from '../memory/entry-format.js';
import { originKey } from '../mount/store-path.js';
import { sideKey, type Tier2 } from '../storage/tier2.js';
import type { EntryBatch } from './entry-batch.js';

const SLASH = 0x2f;

export class MovedNames {
  readonly #tier2: Tier2;
  readonly #mountId: number;
  /** What store paths begin with: that of the target and a slash. */
  readonly #root: string;
  /** Most mounts have no such name: then no entry is checked. */
  readonly #any: boolean;
  /** The last path that was moved, and the last one that was not, each ending with a slash. */
  #moved: string | undefined;
  #stayed = '';

  constructor(tier2: Tier2, target: { readonly mountId: number; readonly storePath: string }) {
    this.#tier2 = tier2;
    this.#mountId = target.mountId;
    this.#root = target.storePath === '' ? '' : `${target.storePath}/`;
    this.#any = hasAny(tier2, target.mountId);
  }

  /** Whether entry `i`, or a directory above it, has left its place. Cheapest in sorted order. */
  has(batch: EntryBatch, i: number): boolean {
    if (!this.#any) return false;
    const at = batch.pathAt[i]!;
    const end = at + batch.pathBytes[i]!;
    const isDirectory = batch.bytes[end - 1] === SLASH;
    const path = `${batch.bytes.toString('utf8', at, isDirectory ? end - 1 : end)}/`;
    if (this.#moved !== undefined && path.startsWith(this.#moved)) return true;
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const head = path.slice(0, slash + 1);
      if (this.#stayed.startsWith(head) || !this.#isMoved(head.slice(0, -1))) continue;
      this.#moved = head;
      return true;
    }
    this.#stayed = path;
    return false;
  }

  #isMoved(path: string): boolean {
    return ownerOf(this.#tier2, this.#mountId, this.#root + path) !== undefined;
  }
}

/** Id, as bytes, of the inode whose data the store keeps at this path. */
export const ownerOf = (tier2: Tier2, mountId: number, path: string): Uint8Array | undefined =>
  tier2.side.get(sideKey(SIDE_ORIGIN_BACK, originKey(mountId, path)));

function hasAny({ side }: Tier2, mountId: number): boolean {
  const start = sideKey(SIDE_ORIGIN_BACK, originKey(mountId, ''));
  for (const key of side.getKeys({ start, limit: 1 })) {
    return Buffer.compare(key.subarray(0, start.length), start) === 0;
  }
  return false;
}
