/**
 * Checks every inode of an exact state, in one pass in key order: the children of a directory
 * stand together there.
 *
 * The theorems, each of which fails with a finding:
 *  1. Every record's id leads, by the id index, back to its own key; so no inode hangs twice. The
 *     index holds as many ids as there are records; so it holds no other.
 *  2. Every group of children hangs on a directory that exists and that is reached from the root,
 *     through a trash, or from what waits for reclaim; so there is no cycle and no orphan.
 *  3. A directory's count is the number of its children in its group; of those without a group it
 *     is 0. Not for what stands in reclaim, which is emptied without counting.
 */

import { assert } from '../../base/assert.js';
import { SIDE_ORIGIN, SIDE_XATTR } from '../memory/entry-format.js';
import { expiryOf } from '../memory/expiry.js';
import * as R from '../memory/record.js';
import { FLAG_HAS_ORIGIN, FLAG_HAS_XATTR, FLAG_MOUNT_POINT } from '../memory/record.js';
import { type RecordFields, readRecord } from '../memory/record-fields.js';
import { idKey } from '../memory/xattrs.js';
import type { Mount } from '../mount/mount-table.js';
import { reclaimName } from '../ops/mechanism/remove-inode.js';
import { sideKey } from '../storage/tier2.js';
import type { ExactState } from './exact-state.js';
import type { Findings } from './findings.js';
import type { InodeIndex, Reach } from './inode-index.js';
import { allRows, type Row, rowsFrom } from './table-rows.js';

export type InodeCounts = { inodes: number; files: number; directories: number };

/** The known users, groups and mounts. */
export type NamesAndMounts = {
  readonly nameCount: number;
  readonly mounts: ReadonlyMap<number, Mount>;
};

/** The children of one directory, as the pass goes through them. */
type Group = {
  readonly parentId: number;
  /** Also for a trash shadow. Undefined: the root's own key, reclaim, or missing. */
  readonly directory: RecordFields | undefined;
  readonly reach: Reach;
  readonly first: RecordFields;
  count: number;
};

export class InodeCheck {
  readonly counts: InodeCounts = { inodes: 0, files: 0, directories: 0 };
  readonly #state: ExactState;
  readonly #index: InodeIndex;
  readonly #findings: Findings;
  readonly #known: NamesAndMounts;
  #group: Group | undefined;
  /** Directories whose count is not 0, and those of them that have a group. */
  #expecting = 0;
  #served = 0;
  #hasRoot = false;

  constructor(state: ExactState, index: InodeIndex, findings: Findings, known: NamesAndMounts) {
    this.#state = state;
    this.#index = index;
    this.#findings = findings;
    this.#known = known;
  }

  /** One yield a batch, with the number of inodes so far. */
  *run(): Iterable<number> {
    for (const batch of allRows(this.#state.tier2.tables.inodes)) {
      for (const row of batch) this.#row(row);
      yield this.counts.inodes;
    }
    this.#endGroup();
    if (!this.#hasRoot) this.#findings.add('root-missing', R.ROOT_ID, '/', 'no record at its key');
    if (this.#expecting !== this.#served) yield* this.#findChildless();
    yield* this.#checkIndex();
  }

  #row({ key, value }: Row): void {
    const { codec } = this.#state;
    this.counts.inodes++;
    assert(codec.decode(key, value), 'damaged rows are not in the copy');
    const record = readRecord(codec.view, codec.at);
    if (isBeyond(record)) {
      const where = `key ${Buffer.from(key).toString('hex')}`;
      this.#findings.add('record-invalid', 0, where, 'a field is beyond 2^53');
      return;
    }
    if (this.#group?.parentId !== record.parentId) {
      this.#endGroup();
      this.#group = this.#beginGroup(record);
    }
    this.#group!.count++;
    if (record.type === R.INODE_TYPE_DIRECTORY) this.counts.directories++;
    else this.counts.files++;
    if (record.length > 0 && isCounted(record)) this.#expecting++;
    this.#checkId(record, key);
    this.#checkRecord(record, this.#group!);
    this.#checkKept(record);
  }

  #beginGroup(first: RecordFields): Group {
    const { parentId } = first;
    const above = parentId >= R.TRASH_BIT ? parentId - R.TRASH_BIT : parentId;
    if (parentId === 0) return { parentId, directory: undefined, reach: 'live', first, count: 0 };
    if (parentId === R.RECLAIM_ID) {
      return { parentId, directory: undefined, reach: 'reclaim', first, count: 0 };
    }
    const directory = this.#index.find(above);
    const isDirectory = directory?.type === R.INODE_TYPE_DIRECTORY;
    if (directory === undefined) {
      this.#add('parent-missing', first, `its directory, inode ${above}, does not exist`);
    } else if (!isDirectory) {
      this.#add('parent-not-directory', first, `it hangs on inode ${above}, which is a file`);
    }
    const reach = isDirectory ? this.#reachOf(above) : 'broken';
    const through = parentId >= R.TRASH_BIT && reach === 'live' ? 'trash' : reach;
    return { parentId, directory, reach: through, first, count: 0 };
  }

  #reachOf(id: number): Reach {
    return this.#index.reachOf(id, (cycle) => {
      // Each directory of a cycle begins a group: the one with the smallest id reports it.
      if (Math.min(...cycle) !== id) return;
      const what = `inodes ${cycle.join(' → ')} → ${id} hang on each other`;
      this.#findings.add('cycle', id, () => this.#index.pathOfId(id), what);
    });
  }

  #endGroup(): void {
    const { directory, parentId, count } = this.#group ?? {};
    if (directory === undefined || parentId! >= R.TRASH_BIT || !isCounted(directory)) return;
    if (directory.length > 0) this.#served++;
    if (directory.length === count) return;
    this.#add('child-count', directory, `it says ${directory.length} children and has ${count}`);
  }

  #checkId(record: RecordFields, key: Uint8Array): void {
    const { id } = record;
    if (id === R.ROOT_ID && record.parentId === 0 && record.name.length === 0) {
      this.#hasRoot = record.type === R.INODE_TYPE_DIRECTORY;
    } else if (id < R.ID_FIRST_FREE || record.parentId === 0) {
      this.#add('record-invalid', record, `inode ${id} cannot hang on ${record.parentId}`);
    }
    if (id >= this.#state.idNext) {
      this.#add('id-beyond-next', record, `the next id is ${this.#state.idNext}`);
    }
    const indexed = this.#index.keyOf(id);
    if (indexed === undefined) {
      this.#add('id-index-missing', record, 'there is no row for its id');
    } else if (Buffer.compare(indexed, key) !== 0) {
      const other = this.#index.find(id);
      if (other !== undefined) {
        this.#add('edge-twice', record, `it hangs at ${this.#index.pathOf(other)} too`);
      } else {
        const where = Buffer.from(indexed).toString('hex');
        this.#add('id-index-wrong', record, `the row of its id leads to key ${where}`);
      }
    }
  }

  #checkRecord(record: RecordFields, { directory, reach, parentId }: Group): void {
    const { nameCount, mounts } = this.#known;
    if (record.owner > nameCount || record.group > nameCount) {
      const who = `${record.owner}:${record.group}`;
      this.#add('name-unknown', record, `owner and group are ${who} of ${nameCount} names`);
    }
    if (parentId === R.RECLAIM_ID) {
      const isNamed = Buffer.compare(record.name, reclaimName(record.id)) === 0;
      if (!isNamed) this.#add('reclaim-name', record, 'its name is not its id');
    } else if (parentId >= R.TRASH_BIT && record.ttlMs < 0) {
      this.#add('trash-no-expiry', record, 'it has no time of expiry');
    }
    const isMountPoint = (record.flags & FLAG_MOUNT_POINT) !== 0;
    if (isMountPoint && reach === 'live') {
      const mount = mounts.get(record.mountId);
      if (mount?.inodeId === record.id) return;
      this.#add('mount-missing', record, `there is no mount ${record.mountId} of this inode`);
    } else if (!isMountPoint && directory !== undefined && reach !== 'reclaim') {
      if (record.mountId === directory.mountId) return;
      const what = `it is of mount ${record.mountId}, its directory of ${directory.mountId}`;
      this.#add('mount-id', record, what);
    }
  }

  /** Checks the side records of the inode. */
  #checkKept(record: RecordFields): void {
    const { side, expiries } = this.#state.tier2;
    const lacks = (kind: number): boolean => side.get(sideRow(kind, record.id)) === undefined;
    if ((record.flags & FLAG_HAS_XATTR) !== 0 && lacks(SIDE_XATTR)) {
      this.#add('side-missing', record, 'its extended attributes are not there');
    }
    if ((record.flags & FLAG_HAS_ORIGIN) !== 0 && lacks(SIDE_ORIGIN)) {
      this.#add('side-missing', record, 'where the store keeps its data is not there');
    }
    const expiryMs = expiryOf(record);
    if (expiryMs === undefined || !Number.isSafeInteger(expiryMs)) return;
    if (expiries.has({ expiryMs, id: record.id })) return;
    this.#add('expiry-missing', record, `no row for ${expiryMs}`);
  }

  /** Directories whose count is not 0 and that have no children. */
  *#findChildless(): Iterable<number> {
    const { tier2, codec } = this.#state;
    for (const batch of allRows(tier2.tables.inodes)) {
      for (const { key, value } of batch) {
        const record = codec.fields(key, value);
        if (record === undefined || !(record.length > 0) || !isCounted(record)) continue;
        const prefix = codec.prefixOf(record.id);
        const [first] = rowsFrom(tier2.tables.inodes, prefix, 1).rows;
        if (first !== undefined && isChild(first.key, prefix)) continue;
        this.#add('child-count', record, `it says ${record.length} children and has 0`);
      }
      yield this.counts.inodes;
    }
  }

  /** There are as many ids as records, and each record has its own, so there are no others. */
  *#checkIndex(): Iterable<number> {
    const { tier2, codec } = this.#state;
    if (tier2.ids.count() === this.counts.inodes) return;
    yield this.counts.inodes;
    for (const id of tier2.ids.all()) {
      const key = tier2.ids.get(id)!;
      const value = tier2.inodes.get(key as Buffer);
      if (value !== undefined && codec.fields(key, value)?.id === id) continue;
      const where = `key ${Buffer.from(key).toString('hex')}`;
      const what = value === undefined ? 'nothing is there' : 'another inode is there';
      this.#findings.add('id-index-dangling', id, where, what);
    }
  }

  #add(code: Parameters<Findings['add']>[0], record: RecordFields, what: string): void {
    this.#findings.add(code, record.id, () => this.#index.pathOf(record), what);
  }
}

/** The readers of 64-bit fields give NaN for what is beyond 2^53, and a sum with NaN is NaN. */
function isBeyond(record: RecordFields): boolean {
  const { seq, parentId, id, length, mtimeMs, ctimeMs, ttlMs, blockSize, fingerprint } = record;
  return Number.isNaN(
    seq + parentId + id + length + mtimeMs + ctimeMs + ttlMs + blockSize + fingerprint,
  );
}

/** Whether the directory's count holds: reclaim takes children away without counting. */
function isCounted(record: RecordFields): boolean {
  return record.type === R.INODE_TYPE_DIRECTORY && record.parentId !== R.RECLAIM_ID;
}

const sideRow = (kind: number, id: number): Buffer => Buffer.from(sideKey(kind, idKey(id)));

/** Whether the key is of a child of the directory with that prefix, not of its trash shadow. */
function isChild(key: Uint8Array, prefix: Uint8Array): boolean {
  if (key[prefix.length] === R.SHADOW_MARK) return false;
  return Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
}
