/**
 * Converts stored rows of `inodes` to records and back, with the kernels over a small memory of its
 * own. For threads without an executor block, and for directories without a master.
 */

import type { KernelExports } from '../memory/exports.js';
import { instantiate } from '../memory/kernel.js';
import { EXECUTOR } from '../memory/layout.js';
import { planLayout } from '../memory/layout-plan.js';
import { type RecordFields, readRecord, writeRecord } from '../memory/record-fields.js';
import { SharedMemory } from '../memory/shared-memory.js';

const KEY_BYTES_MAX = 512;
const VALUE_BYTES_MAX = 1024;

export class RecordCodec {
  /** The address at which decode() leaves the record. */
  readonly at: number;
  readonly view: DataView;
  readonly u8: Uint8Array;
  readonly #kernel: KernelExports;
  readonly #key: number;
  readonly #value: number;

  constructor() {
    const shared = SharedMemory.create(
      planLayout({
        executorCount: 1,
        tier1Bytes: 65_536,
        lockStripeCount: 64,
        ringBytes: 65_536,
        sideRingBytes: 65_536,
        retryEntryCount: 64,
      }),
    );
    this.#kernel = instantiate(shared.memory, 0);
    this.view = shared.view;
    this.u8 = shared.u8;
    const base = shared.executorBase(0);
    this.at = base + EXECUTOR.RECORD;
    this.#key = base + EXECUTOR.KEY;
    this.#value = base + EXECUTOR.VALUE;
  }

  /** Decodes to `at`; false if key and value are not a record. */
  decode(key: Uint8Array, value: Uint8Array): boolean {
    if (key.length > KEY_BYTES_MAX || value.length > VALUE_BYTES_MAX) return false;
    this.u8.set(key, this.#key);
    this.u8.set(value, this.#value);
    const bytes = this.#kernel.decodeRecord(
      this.#key,
      key.length,
      this.#value,
      value.length,
      this.at,
    );
    return bytes !== 0;
  }

  fields(key: Uint8Array, value: Uint8Array): RecordFields | undefined {
    return this.decode(key, value) ? readRecord(this.view, this.at) : undefined;
  }

  keyOf(parentId: number, name: Uint8Array): Uint8Array {
    this.u8.set(name, this.#value);
    const bytes = this.#kernel.encodeKey(parentId, this.#value, name.length, this.#key);
    return Buffer.from(this.u8.slice(this.#key, this.#key + bytes).buffer);
  }

  /** Where the keys of a directory's children begin, and those of its trash shadow. */
  prefixOf(parentId: number): Uint8Array {
    const bytes = this.#kernel.encodeId(parentId, this.#key);
    return Buffer.from(this.u8.slice(this.#key, this.#key + bytes).buffer);
  }

  /** The stored value of a record, under its key. */
  valueOf(key: Uint8Array, fields: RecordFields): Uint8Array {
    writeRecord(this.view, this.at, fields);
    this.u8.set(key, this.#key);
    const bytes = this.#kernel.encodeValue(this.#key, key.length, this.at, this.#value);
    return Buffer.from(this.u8.slice(this.#value, this.#value + bytes).buffer);
  }
}
