/**
 * A small namespace in tier 2 with one of everything, that tests can spoil: written row by row, as
 * a flush would have left it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EntrySource } from '../../../src/master/inspect/capture.js';
import type { StateSource } from '../../../src/master/inspect/exact-state.js';
import { RecordCodec } from '../../../src/master/inspect/record-codec.js';
import {
  SIDE_MOUNT,
  SIDE_ORIGIN,
  SIDE_ORIGIN_BACK,
  SIDE_STRING,
  SIDE_TRASH_TTL,
  SIDE_XATTR,
} from '../../../src/master/memory/entry-format.js';
import * as R from '../../../src/master/memory/record.js';
import type { RecordFields } from '../../../src/master/memory/record-fields.js';
import { encodeXAttrs, idKey } from '../../../src/master/memory/xattrs.js';
import { encodeMount, mountKey } from '../../../src/master/mount/mount-table.js';
import { encodeOrigin, originKey } from '../../../src/master/mount/store-path.js';
import { reclaimName } from '../../../src/master/ops/mechanism/remove-inode.js';
import { sideKey, Tier2 } from '../../../src/master/storage/tier2.js';

export const SEQ = 100;
export const ID = { D: 1024, F: 1025, T: 1026, OLD: 1027, GONE: 1028, M: 1030, G: 1031 } as const;
export const MOUNT = 7;
const ID_NEXT = 2000;
const EXPIRY_MS = 1_900_000_000_000;
const CTIME_MS = 1_700_000_000_000;
export const F_TTL_MS = 5000;

const encoder = new TextEncoder();
const MAP_BYTES = 64 * 1024 * 1024;

/** No journal behind tier 2. */
const noEntries: EntrySource = {
  hold: () => undefined,
  follow: () => undefined,
  finish: (appliedSeq) => appliedSeq,
  release: () => undefined,
};

export class SmallNamespace {
  readonly codec = new RecordCodec();
  readonly tier2: Tier2;
  readonly directory = mkdtempSync(path.join(tmpdir(), 'orchard-snapshot-'));
  readonly records: Readonly<Record<string, RecordFields>>;

  constructor() {
    const meta = path.join(this.directory, 'meta');
    mkdirSync(meta);
    this.tier2 = new Tier2(meta, { mapBytes: MAP_BYTES });
    this.records = allRecords();
    this.tier2.transact(() => {
      for (const record of Object.values(this.records)) this.put(record);
      this.tier2.putState({ appliedSeq: SEQ, idNext: ID_NEXT });
    });
    this.change(() => this.#putSides());
  }

  get source(): StateSource {
    const { directory: dataDir, tier2 } = this;
    return { dataDir, mapBytes: MAP_BYTES, reserveBytes: 0, tier2, entries: noEntries };
  }

  change(work: () => void): void {
    this.tier2.transact(work);
  }

  /** With its rows in the indexes. */
  put(record: RecordFields): void {
    this.putRow(record);
    this.tier2.ids.write([{ id: record.id, key: this.keyOf(record) }]);
    const { id, parentId, ttlMs, ctimeMs } = record;
    const expiryMs = parentId >= R.TRASH_BIT ? ttlMs : ctimeMs + ttlMs;
    if (ttlMs >= 0) this.tier2.expiries.write([{ expiryMs, id, isDue: true }]);
  }

  /** The row alone. */
  putRow(record: RecordFields): void {
    const key = this.keyOf(record);
    this.tier2.inodes.putSync(key, this.codec.valueOf(key, record));
  }

  removeRow(record: RecordFields): void {
    this.tier2.inodes.removeSync(this.keyOf(record));
  }

  keyOf({ parentId, name }: RecordFields): Uint8Array {
    return this.codec.keyOf(parentId, name);
  }

  side(kind: number, key: Uint8Array, value: Uint8Array | null): void {
    const row = sideKey(kind, key);
    if (value === null) this.tier2.side.removeSync(row);
    else this.tier2.side.putSync(row, value);
  }

  /** One bit of a stored row. */
  flipBit(table: 'inodes' | 'ids' | 'side' | 'expiries', at: number): void {
    const rows = this.tier2.tables[table];
    const [first] = rows.getRange({ limit: 1 });
    const value = Buffer.from(first!.value);
    value[at % value.length]! ^= 0x10;
    rows.putSync(first!.key, value);
  }

  async remove(): Promise<void> {
    await this.tier2.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #putSides(): void {
    this.side(SIDE_STRING, encoder.encode('root'), Uint8Array.of(1, 0, 0, 0));
    this.side(SIDE_STRING, encoder.encode('staff'), Uint8Array.of(2, 0, 0, 0));
    this.side(SIDE_MOUNT, mountKey(1), encodeMount(mountOf(1, '/', R.ROOT_ID)));
    this.side(SIDE_MOUNT, mountKey(MOUNT), encodeMount(mountOf(MOUNT, '/m', ID.M)));
    const xattrs = encodeXAttrs(new Map([['user.a', encoder.encode('b')]]));
    this.side(SIDE_XATTR, idKey(ID.F), xattrs);
    this.side(SIDE_ORIGIN, idKey(ID.G), encodeOrigin({ mountId: MOUNT, path: 'before' }));
    this.side(SIDE_ORIGIN_BACK, originKey(MOUNT, 'before'), idKey(ID.G));
    this.side(SIDE_TRASH_TTL, idKey(ID.OLD), idKey(F_TTL_MS));
  }
}

export const name = (text: string): Uint8Array => encoder.encode(text);

function allRecords(): Record<string, RecordFields> {
  const directory = R.INODE_TYPE_DIRECTORY;
  const point = R.FLAG_MOUNT_POINT;
  return {
    root: record({
      parentId: 0,
      id: R.ROOT_ID,
      name: name(''),
      type: directory,
      length: 2,
      flags: point,
    }),
    d: record({ parentId: R.ROOT_ID, id: ID.D, name: name('d'), type: directory, length: 2 }),
    f: record({
      parentId: ID.D,
      id: ID.F,
      name: name('f'),
      flags: R.FLAG_HAS_XATTR,
      ttlMs: F_TTL_MS,
    }),
    t: record({ parentId: ID.D, id: ID.T, name: name('t'), type: directory }),
    old: record({ parentId: ID.D + R.TRASH_BIT, id: ID.OLD, name: name('old'), ttlMs: EXPIRY_MS }),
    gone: record({ parentId: R.RECLAIM_ID, id: ID.GONE, name: reclaimName(ID.GONE) }),
    m: record({
      parentId: R.ROOT_ID,
      id: ID.M,
      name: name('m'),
      type: directory,
      flags: point,
      mountId: MOUNT,
      length: 1,
    }),
    g: record({
      parentId: ID.M,
      id: ID.G,
      name: name('g'),
      flags: R.FLAG_HAS_ORIGIN,
      mountId: MOUNT,
    }),
  };
}

export function record(
  fields: Partial<RecordFields> & Pick<RecordFields, 'parentId' | 'id' | 'name'>,
): RecordFields {
  return {
    seq: 50,
    length: 0,
    mtimeMs: CTIME_MS,
    ctimeMs: CTIME_MS,
    ttlMs: -1,
    blockSize: 0,
    mode: 0o644,
    type: R.INODE_TYPE_FILE,
    flags: 0,
    owner: 1,
    group: 2,
    mountId: 1,
    replicationMin: 0,
    replicationMax: -1,
    fingerprint: 0,
    ...fields,
  };
}

const mountOf = (mountId: number, at: string, inodeId: number) => ({
  mountId,
  path: at,
  uri: `file:///nowhere/${mountId}`,
  inodeId,
  readOnly: false,
  shared: false,
  options: {},
});
