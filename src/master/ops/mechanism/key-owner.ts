/**
 * The owner of a key of a store: the only place that looks it up. A key belongs to the inode whose
 * path says so, unless a renamed or deleted inode left its data there (ORIGIN_BACK). Then loads
 * skip the key, no new data overwrites it, and no path leads to it by its name.
 *
 * These rows are exact once tier 2 has everything that left the directories on the way. Each
 * function says who makes sure of that.
 */
import { readU64 } from '../../../base/word64.js';
import type { Executor } from '../../executor/executor.js';
import { SIDE_ORIGIN_BACK } from '../../memory/entry-format.js';
import { CONTROL } from '../../memory/layout.js';
import { type Origin, originKey } from '../../mount/store-path.js';
import type { PathWalk } from '../../path/path-walk.js';
import { sideKey } from '../../storage/tier2.js';
import { originOf } from './origins.js';

/** The directory at the root of a mount that holds the data of paths whose key is taken. */
export const HIDDEN_ROOT_NAME = '.orchard';

/** The inode that left its data at this key, as tier 2 is now; undefined: none. */
export function keyOwner(executor: Executor, at: Origin): number | undefined {
  const { side } = executor.reader.tier2;
  const row = side.get(sideKey(SIDE_ORIGIN_BACK, originKey(at.mountId, at.path)));
  if (row === undefined) return undefined;
  return readU64(new DataView(row.buffer, row.byteOffset, row.byteLength), 0);
}

/** True if `isOther` holds for the owner of the key, or of a directory's key above it. */
export function isOwned(
  executor: Executor,
  at: Origin,
  isOther: (owner: number) => boolean = () => true,
): boolean {
  const names = at.path.split('/');
  return names.some((_name, i) => {
    const path = names.slice(0, i + 1).join('/');
    const owner = keyOwner(executor, { mountId: at.mountId, path });
    return owner !== undefined && isOther(owner);
  });
}

/**
 * Where the data of the found walk's file goes: the key that its path says, or one below the hidden
 * root while that belongs to another inode. Parks until tier 2 knows what left the directories.
 */
export function writableKey(
  executor: Executor,
  walk: PathWalk,
): { readonly origin: Origin; readonly isElsewhere: boolean } {
  const own = originOf(executor, walk);
  const ids = new Set<number>();
  for (let node = 0; node <= walk.depth; node++) {
    ids.add(walk.id(node));
    if (node < walk.depth) executor.awaitTier2(walk.id(node));
  }
  if (!isOwned(executor, own, (owner) => !ids.has(owner))) {
    return { origin: own, isElsewhere: false };
  }
  const path = `${HIDDEN_ROOT_NAME}/${walk.id(walk.depth)}`;
  return { origin: { mountId: own.mountId, path }, isElsewhere: true };
}

/**
 * The names in one directory of a store that belong to other inodes; for callers with many names.
 */
export class ForeignNames {
  readonly #executor: Executor;
  readonly #mountId: number;
  readonly #directory: string;
  #version = -1;
  #any = false;

  constructor(executor: Executor, mountId: number, directory: string) {
    this.#executor = executor;
    this.#mountId = mountId;
    this.#directory = directory;
  }

  /** The caller makes sure that tier 2 knows what left the directory under this name. */
  has(name: string): boolean {
    const directory = this.#directory;
    if (directory === '' && name === HIDDEN_ROOT_NAME) return true;
    if (!this.#anyOfMount()) return false;
    const path = directory === '' ? name : `${directory}/${name}`;
    return keyOwner(this.#executor, { mountId: this.#mountId, path }) !== undefined;
  }

  /** Most mounts have no such row: one look at each commit of tier 2 saves one for each name. */
  #anyOfMount(): boolean {
    const { shared, reader } = this.#executor;
    const version = shared.load(CONTROL.TIER2_VERSION);
    if (version === this.#version) return this.#any;
    this.#version = version;
    reader.renew();
    this.#any = false;
    const first = sideKey(SIDE_ORIGIN_BACK, originKey(this.#mountId, ''));
    for (const key of reader.tier2.side.getKeys({ start: first, limit: 1 })) {
      this.#any = first.every((byte, i) => key[i] === byte);
    }
    return this.#any;
  }
}
