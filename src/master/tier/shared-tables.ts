/**
 * Tables that every thread reads and only the writer changes: the names of users and groups, and
 * the mounts. Both stand in shared memory. The writer loads them from tier 2 at start and changes
 * them when it applies SIDE changes.
 *
 * Names: rows of {offset, bytes} behind STRING_COUNT, which is raised last. Mounts: one blob under
 * a seqlock (MOUNT_VERSION): [u32 count] then [u16 key bytes][u32 value bytes][key][value] each.
 */

import { assert } from '../../base/assert.js';
import { INTERNED_COUNT_MAX } from '../../base/limits.js';
import { SIDE_MOUNT, SIDE_STRING } from '../memory/entry-format.js';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { sideKey, type Tier2 } from '../storage/tier2.js';

const ROW_BYTES = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class SharedTables {
  readonly #shared: SharedMemory;
  readonly #ids = new Map<string, number>();
  readonly #mounts = new Map<string, { key: Uint8Array; value: Uint8Array }>();

  constructor(shared: SharedMemory) {
    this.#shared = shared;
    shared.store(CONTROL.STRING_COUNT, 0);
    this.#append('');
  }

  /** Everything that tier 2 knows, in the order of the numbers. */
  load(tier2: Tier2): void {
    const names: [number, string][] = [];
    for (const { key, value } of sideRange(tier2, SIDE_STRING)) {
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      names.push([view.getUint32(0, true), decoder.decode(key)]);
    }
    names.sort((a, b) => a[0] - b[0]);
    for (const [id, name] of names) {
      const given = this.#append(name);
      assert(given === id, `interned names are numbered without gaps: ${id} is ${name}`);
    }
    for (const { key, value } of sideRange(tier2, SIDE_MOUNT)) this.#keepMount(key, value);
    this.#publishMounts();
  }

  /** The name's number, assigned now if it had none; the caller checks the limit of the table. */
  intern(name: Uint8Array): number {
    const text = decoder.decode(name);
    return this.#ids.get(text) ?? this.#append(text);
  }

  setMount(key: Uint8Array, value: Uint8Array | null): void {
    if (value === null) this.#mounts.delete(Buffer.from(key).toString('hex'));
    else this.#keepMount(key, value);
    this.#publishMounts();
  }

  #keepMount(key: Uint8Array, value: Uint8Array): void {
    this.#mounts.set(Buffer.from(key).toString('hex'), { key, value });
  }

  #append(text: string): number {
    const shared = this.#shared;
    const bytes = encoder.encode(text);
    const id = shared.load(CONTROL.STRING_COUNT);
    const used = id === 0 ? 0 : shared.load(CONTROL.STRING_USED);
    assert(id < INTERNED_COUNT_MAX, 'there is room for another user or group name');
    assert(used + bytes.length <= shared.fixed(CONTROL.STRING_BLOB_BYTES), 'the names fit');
    shared.u8.set(bytes, shared.fixed(CONTROL.STRING_BLOB_BASE) + used);
    const row = shared.fixed(CONTROL.STRING_INDEX_BASE) + id * ROW_BYTES;
    shared.view.setUint32(row, used, true);
    shared.view.setUint32(row + 4, bytes.length, true);
    shared.store(CONTROL.STRING_USED, used + bytes.length);
    // Last: a thread that sees the new count also sees the row and the text.
    shared.store(CONTROL.STRING_COUNT, id + 1);
    this.#ids.set(text, id);
    return id;
  }

  #publishMounts(): void {
    const { view, u8 } = this.#shared;
    const base = this.#shared.fixed(CONTROL.MOUNT_BASE);
    const rows = [...this.#mounts.values()];
    const bytes = rows.reduce((sum, row) => sum + 6 + row.key.length + row.value.length, 4);
    assert(bytes <= this.#shared.fixed(CONTROL.MOUNT_BYTES), 'the mount table fits its region');
    this.#shared.add(CONTROL.MOUNT_VERSION, 1);
    view.setUint32(base, rows.length, true);
    let at = base + 4;
    for (const { key, value } of rows) {
      view.setUint16(at, key.length, true);
      view.setUint32(at + 2, value.length, true);
      u8.set(key, at + 6);
      u8.set(value, at + 6 + key.length);
      at += 6 + key.length + value.length;
    }
    this.#shared.store(CONTROL.MOUNT_USED, bytes);
    this.#shared.add(CONTROL.MOUNT_VERSION, 1);
  }
}

/** All side records of one kind in tier 2, their keys without the kind byte. */
export function* sideRange(
  tier2: Tier2,
  kind: number,
): Iterable<{ key: Uint8Array; value: Uint8Array }> {
  const start = sideKey(kind, new Uint8Array(0));
  const end = sideKey(kind + 1, new Uint8Array(0));
  for (const { key, value } of tier2.side.getRange({ start, end })) {
    yield { key: new Uint8Array(key).slice(1), value: new Uint8Array(value) };
  }
}
