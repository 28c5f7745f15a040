/**
 * Look-ups by id in an exact state: an inode's parent, its record, its path, and whether it is
 * reachable. A table of fixed size remembers chains of directories.
 */
import { RECLAIM_ID, ROOT_ID, TRASH_BIT } from '../memory/record.js';
import type { RecordFields } from '../memory/record-fields.js';
import { IDS_PER_ROW } from '../storage/id-index.js';
import type { Tier2 } from '../storage/tier2.js';
import type { RecordCodec } from './record-codec.js';

/** How a directory hangs: from the root, through a trash, below what is reclaimed, or not. */
export type Reach = 'live' | 'trash' | 'reclaim' | 'broken';

const REMEMBERED = 1 << 16;
const decoder = new TextDecoder();

export class InodeIndex {
  readonly #tier2: Tier2;
  readonly #codec: RecordCodec;
  /** Direct-mapped: a chain that was climbed before ends at the first directory in the table. */
  readonly #known = new Float64Array(REMEMBERED);
  readonly #reach: Reach[] = new Array<Reach>(REMEMBERED).fill('broken');

  /** The row of the index that was read last: neighbours have neighbouring ids. */
  #block = -1;
  #keys: readonly (Uint8Array | undefined)[] = [];

  constructor(tier2: Tier2, codec: RecordCodec) {
    this.#tier2 = tier2;
    this.#codec = codec;
  }

  /** The place of the inode according to the id index. */
  keyOf(id: number): Uint8Array | undefined {
    const block = Math.floor(id / IDS_PER_ROW);
    if (block !== this.#block) {
      this.#keys = this.#tier2.ids.keysOfBlock(block);
      this.#block = block;
    }
    return this.#keys[id % IDS_PER_ROW];
  }

  /** The record that the id index leads to; undefined if another inode is there. */
  find(id: number): RecordFields | undefined {
    const key = this.keyOf(id);
    const value = key && this.#tier2.inodes.get(key as Buffer);
    const found = key && value && this.#codec.fields(key, value);
    return found?.id === id ? found : undefined;
  }

  /** How the directory hangs; `onCycle` gets the directories of a cycle. */
  reachOf(id: number, onCycle: (ids: readonly number[]) => void): Reach {
    const chain: number[] = [];
    const inTrash: boolean[] = [];
    let reach: Reach | undefined;
    for (let at = id; reach === undefined; ) {
      const slot = at % REMEMBERED;
      if (this.#known[slot] === at) reach = this.#reach[slot]!;
      else if (chain.includes(at)) {
        onCycle(chain.slice(chain.indexOf(at)));
        return 'broken';
      } else {
        const { parentId = -1 } = this.find(at) ?? {};
        chain.push(at);
        inTrash.push(parentId >= TRASH_BIT);
        if (parentId < 0) return 'broken';
        if (parentId === RECLAIM_ID) reach = 'reclaim';
        else if (parentId === 0) reach = at === ROOT_ID ? 'live' : 'broken';
        at = parentId >= TRASH_BIT ? parentId - TRASH_BIT : parentId;
      }
    }
    for (let i = chain.length - 1; i >= 0 && reach !== 'broken'; i--) {
      if (inTrash[i] && reach === 'live') reach = 'trash';
      const slot = chain[i]! % REMEMBERED;
      this.#known[slot] = chain[i]!;
      this.#reach[slot] = reach;
    }
    return reach;
  }

  /** The path for people; an inode without a parent begins with the missing id. */
  pathOf(record: Pick<RecordFields, 'parentId' | 'name' | 'id'>): string {
    const names: string[] = [];
    const seen = new Set<number>();
    let at: Pick<RecordFields, 'parentId' | 'name' | 'id'> = record;
    for (;;) {
      const { parentId, name, id } = at;
      if (parentId === 0) return `/${names.reverse().join('/')}`;
      if (parentId === RECLAIM_ID) return `(reclaim ${id})/${names.reverse().join('/')}`;
      names.push(decoder.decode(name) + (parentId >= TRASH_BIT ? ' (trash)' : ''));
      const above = parentId >= TRASH_BIT ? parentId - TRASH_BIT : parentId;
      const next = seen.has(above) ? undefined : this.find(above);
      if (next === undefined) return `(inode ${above})/${names.reverse().join('/')}`;
      seen.add(above);
      at = next;
    }
  }

  /** Path of an inode id, or its number. */
  pathOfId(id: number): string {
    const found = this.find(id);
    return found === undefined ? `(inode ${id})` : this.pathOf(found);
  }
}
