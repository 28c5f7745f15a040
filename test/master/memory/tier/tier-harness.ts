/**
 * Drives the tier-1 kernels as applier, reader and flusher do, in one thread, over a Map as tier 2.
 * Every step of a flush is a call of its own, so that tests can put changes between them.
 */

import { readU64 } from '../../../../src/base/word64.js';
import { EntryWriter, sealEntry } from '../../../../src/master/journal/entry.js';
import { REMOVE_DROP_ID } from '../../../../src/master/memory/entry-format.js';
import { ApplyStatus, FillStatus, LookupStatus } from '../../../../src/master/memory/exports.js';
import { instantiate } from '../../../../src/master/memory/kernel.js';
import {
  APPLY,
  CONTROL,
  DROPPED_LIST_BYTES,
  EXECUTOR,
  WALK,
} from '../../../../src/master/memory/layout.js';
import { BLOB } from '../../../../src/master/memory/layout-dirty.js';
import { planLayout } from '../../../../src/master/memory/layout-plan.js';
import { RECORD_ID, RECORD_NAME, RECORD_NAME_LEN } from '../../../../src/master/memory/record.js';
import {
  type RecordFields,
  readRecord,
  writeRecord,
} from '../../../../src/master/memory/record-fields.js';
import { SharedMemory } from '../../../../src/master/memory/shared-memory.js';
import type { TwinChange } from '../../../../src/master/memory/twin/tier-twin.js';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A record with what matters to tier 1; the rest as tier 2 stores it most briefly. */
export function record(fields: Partial<RecordFields> & { id: number }): RecordFields {
  return {
    seq: 0,
    parentId: 1,
    length: 0,
    mtimeMs: 1_790_000_000_000,
    ctimeMs: 1_790_000_000_000,
    ttlMs: -1,
    blockSize: 0,
    mode: 0o755,
    type: 2,
    flags: 0,
    owner: 3,
    group: 4,
    mountId: 1,
    replicationMin: 0,
    replicationMax: -1,
    fingerprint: 0,
    name: bytesOf('name'),
    ...fields,
  };
}

export type EntryChange =
  | (TwinChange & { readonly id?: number; readonly dropId?: boolean })
  | SideOf;
type SideOf = { readonly kind: 'side'; readonly sideKind: number; readonly key: Uint8Array };

export type EntryOptions = {
  readonly op?: number;
  readonly clientId?: number;
  readonly callId?: number;
};
export type Row = {
  readonly slot: number;
  readonly seq: number;
  readonly key: string;
  readonly id: number;
};

export class TierHarness {
  readonly shared: SharedMemory;
  readonly kernel: ReturnType<typeof instantiate>;
  /** Key bytes as latin1 → value bytes: what LMDB would hold. */
  readonly tier2 = new Map<string, Uint8Array>();
  readonly base: number;
  readonly walkA: number;
  readonly out: number;
  readonly entry: number;
  readonly #name: number;
  readonly #writer: EntryWriter;
  seq = 0;
  /** Last seq applied in full, when the newest closed epoch was closed. */
  closedSeq = 0;
  flushes = 0;

  /** `arenaBytes`: fewer than there are, so that little fills the arena. */
  constructor(tier1Bytes: number, arenaBytes?: number, filterBytes = 0) {
    const layout = planLayout({
      executorCount: 1,
      tier1Bytes,
      lockStripeCount: 64,
      ringBytes: 4096,
      sideRingBytes: 4096,
      retryEntryCount: 64,
      filterBytes,
    });
    this.shared = SharedMemory.create(layout);
    this.shared.store(CONTROL.EPOCH, 1);
    if (arenaBytes !== undefined) this.shared.store(CONTROL.FLUSH_ARENA_BYTES, arenaBytes);
    this.kernel = instantiate(this.shared.memory, 0);
    this.base = this.shared.executorBase(0);
    this.walkA = this.base + EXECUTOR.WALK_A;
    this.out = this.base + EXECUTOR.REPLY;
    this.entry = this.base + EXECUTOR.REQUEST;
    this.#name = this.out + 1024;
    this.#writer = new EntryWriter(this.shared.u8);
  }

  /** Builds and seals an entry at `this.entry`; returns nothing, applies nothing. */
  seal(changes: readonly EntryChange[], seq: number, options: EntryOptions = {}): void {
    const writer = this.#writer;
    writer.begin(this.entry, 1, options.clientId ?? 0, options.callId ?? 0, options.op ?? 1);
    for (const change of changes) addChange(writer, change);
    writer.finish();
    sealEntry(this.shared.u8, this.entry, seq, 0);
  }

  /** Applies an entry to its end, as the applier does; `seq` is given only by replay. */
  apply(changes: readonly EntryChange[], options: EntryOptions = {}, seq = this.seq + 1): void {
    this.seal(changes, seq, options);
    let status = this.kernel.apply(this.entry, 0);
    while (status !== ApplyStatus.DONE) {
      if (status === ApplyStatus.NO_ROOM) this.flush();
      if (status === ApplyStatus.MISS) this.fillParent();
      if (status === ApplyStatus.SIDE) throw new Error('no side records here');
      status = this.kernel.apply(this.entry, this.stoppedAt);
    }
    this.seq = seq;
  }

  get stoppedAt(): number {
    return this.shared.view.getUint32(this.base + EXECUTOR.APPLY + APPLY.AT, true);
  }

  fillParent(): void {
    const { view, u8 } = this.shared;
    const at = this.base + EXECUTOR.APPLY;
    const nameBytes = view.getUint32(at + APPLY.NAME_BYTES, true);
    const name = u8.slice(at + APPLY.NAME, at + APPLY.NAME + nameBytes);
    const scratch = this.readTier2(readU64(view, at + APPLY.MISS_PARENT), name);
    const set = view.getUint32(at + APPLY.MISS_SET, true);
    const filled = this.kernel.fill(set, view.getUint32(at + APPLY.MISS_SET_SEQ, true), scratch);
    if (filled === FillStatus.NO_ROOM) this.flush();
  }

  /** Puts the key's record of tier 2, or its absence, into RECORD scratch; returns its address. */
  readTier2(parentId: number, name: Uint8Array): number {
    const { view, u8 } = this.shared;
    const scratch = this.base + EXECUTOR.RECORD;
    const key = this.base + EXECUTOR.KEY;
    const value = this.base + EXECUTOR.VALUE;
    u8.set(name, this.#name);
    const keyBytes = this.kernel.encodeKey(parentId, this.#name, name.length, key);
    const found = this.tier2.get(latin1(u8.slice(key, key + keyBytes)));
    if (found === undefined) {
      writeRecord(view, scratch, record({ id: 0, type: 0, parentId, name }));
    } else {
      u8.set(found, value);
      const decoded = this.kernel.decodeRecord(key, keyBytes, value, found.length, scratch);
      if (decoded === 0) throw new Error('tier 2 holds what the flusher encoded');
    }
    return scratch;
  }

  putScratch(fields: RecordFields): void {
    writeRecord(this.shared.view, this.base + EXECUTOR.RECORD, fields);
  }

  /** Tier 1 alone: the record, null when it knows that there is none, undefined on a miss. */
  lookup1(parentId: number, name: Uint8Array): RecordFields | null | undefined {
    this.shared.u8.set(name, this.#name);
    const { out, walkA } = this;
    const status = this.kernel.lookup(parentId, this.#name, name.length, out, walkA);
    if (status === LookupStatus.MISS) return undefined;
    return status === LookupStatus.ABSENT ? null : readRecord(this.shared.view, out);
  }

  /** What fill() needs, from the last look-up that missed. */
  get missed(): { readonly set: number; readonly seq: number } {
    const { view } = this.shared;
    return {
      set: view.getUint32(this.walkA + WALK.MISS_SET, true),
      seq: view.getUint32(this.walkA + WALK.MISS_SET_SEQ, true),
    };
  }

  /** Both tiers, filling tier 1 on the way. */
  lookup(parentId: number, name: Uint8Array): RecordFields | null {
    const found = this.lookup1(parentId, name);
    if (found !== undefined) return found;
    const { set, seq } = this.missed;
    const scratch = this.readTier2(parentId, name);
    if (this.kernel.fill(set, seq, scratch) === FillStatus.RACED) throw new Error('nobody races');
    const { view } = this.shared;
    return readU64(view, scratch + RECORD_ID) === 0 ? null : readRecord(view, scratch);
  }

  /**
   * The children of a directory with names from `from` on (behind it: `isAfter`), by name: those
   * of tier 2, and over them the changes that it lacks. Undefined: these are too many.
   */
  children(parentId: number, from: Uint8Array, isAfter: boolean): RecordFields[] | undefined {
    const { kernel, shared, base } = this;
    shared.u8.set(from, this.#name);
    const after = isAfter ? 1 : 0;
    const count = kernel.collectChanges(parentId, this.#name, from.length, after);
    if (count < 0) return undefined;
    const found = new Map<string, RecordFields>();
    for (const record of this.stored()) {
      const order = Buffer.compare(record.name, from);
      if (record.parentId === parentId && order >= after) found.set(latin1(record.name), record);
    }
    let last = '';
    for (let i = 0; i < count; i++) {
      const blob = shared.view.getUint32(base + EXECUTOR.CHANGES + i * 4, true);
      const keyBytes = shared.view.getUint16(blob + BLOB.KEY_BYTES, true);
      const valueBytes = shared.view.getUint16(blob + BLOB.VALUE_BYTES, true);
      const key = latin1(shared.u8.slice(blob + BLOB.KEY, blob + BLOB.KEY + keyBytes));
      if (key <= last) throw new Error('changes are sorted, and each is there once');
      last = key;
      const value = blob + BLOB.KEY + keyBytes;
      const name = key.slice(kernel.encodeId(parentId, this.base + EXECUTOR.KEY));
      found.delete(name);
      if (valueBytes === 0) continue;
      if (kernel.decodeRecord(blob + BLOB.KEY, keyBytes, value, valueBytes, this.out) === 0) {
        throw new Error('a change is a row of tier 2');
      }
      found.set(name, readRecord(shared.view, this.out));
    }
    return [...found.values()].sort((a, b) => Buffer.compare(a.name, b.name));
  }

  get epoch(): number {
    return this.shared.load(CONTROL.EPOCH);
  }

  dirtyCount(epoch: number): number {
    return this.shared.load(CONTROL.DIRTY_COUNT + (epoch & 1) * 4);
  }

  /** Closes the open epoch; returns it. */
  close(): number {
    const epoch = this.epoch;
    this.closedSeq = this.seq;
    this.shared.store(CONTROL.EPOCH, epoch + 1);
    return epoch;
  }

  /** Copies and commits one chunk; the slots stay dirty until markClean. */
  commit(epoch: number, from: number, count: number): number {
    const taken = this.kernel.copyDirty(epoch, from, count);
    for (const row of this.rows(taken)) {
      if (row.value.length === 0) this.tier2.delete(row.key);
      else this.tier2.set(row.key, row.value);
    }
    return taken;
  }

  flush(): void {
    const epoch = this.close();
    const count = this.dirtyCount(epoch);
    for (let from = 0; from < count; ) {
      const taken = this.commit(epoch, from, count - from);
      this.kernel.markClean(taken);
      from += taken;
    }
    this.kernel.dropEpoch(epoch);
    this.flushes++;
  }

  /** The rows that copyDirty left in the arena. */
  rows(count: number): (Row & { readonly value: Uint8Array })[] {
    const { view, u8 } = this.shared;
    const arena = this.shared.fixed(CONTROL.FLUSH_ARENA_BASE);
    return Array.from({ length: count }, (_, index) => {
      const at = arena + index * 32;
      const keyAt = view.getUint32(at + 12, true);
      const valueAt = keyAt + view.getUint32(at + 16, true);
      return {
        slot: view.getUint32(at, true),
        seq: readU64(view, at + 4),
        key: latin1(u8.slice(keyAt, valueAt)),
        value: u8.slice(valueAt, valueAt + view.getUint32(at + 20, true)),
        id: readU64(view, at + 24),
      };
    });
  }

  droppedIds(epoch: number): number[] {
    const count = this.shared.load(CONTROL.DROPPED_COUNT + (epoch & 1) * 4);
    const list = this.shared.fixed(CONTROL.DROPPED_BASE) + (epoch & 1) * DROPPED_LIST_BYTES;
    return Array.from({ length: count }, (_, i) => readU64(this.shared.view, list + i * 8));
  }

  /** All of tier 2, decoded. */
  stored(): RecordFields[] {
    const { u8, view } = this.shared;
    const key = this.base + EXECUTOR.KEY;
    const value = this.base + EXECUTOR.VALUE;
    return [...this.tier2].map(([text, bytes]) => {
      u8.set(Buffer.from(text, 'latin1'), key);
      u8.set(bytes, value);
      const used = this.kernel.decodeRecord(key, text.length, value, bytes.length, this.out);
      if (used !== RECORD_NAME + u8[this.out + RECORD_NAME_LEN]!) throw new Error('a bad record');
      return readRecord(view, this.out);
    });
  }
}

function addChange(writer: EntryWriter, change: EntryChange): void {
  if (change.kind === 'put') writer.putFields(change.record);
  else if (change.kind === 'remove') {
    writer.remove(
      change.parentId,
      change.id ?? 0,
      change.name,
      change.dropId === true ? REMOVE_DROP_ID : 0,
    );
  } else if (change.kind === 'parent') {
    const { grandparentId, parentId, mtimeMs, childDelta, name } = change;
    writer.parent(grandparentId, parentId, mtimeMs, childDelta, name);
  } else writer.side(change.sideKind, change.key, bytesOf('value'));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
