/**
 * Turns an imported inode into its row of tier 2, with the kernels. Rows gather in the flush arena
 * of the import's own shared memory, and leave it a block at a time.
 */

import { BLOCK_BYTES_DEFAULT } from '../../base/limits.js';
import type { KernelExports } from '../memory/exports.js';
import { CONTROL } from '../memory/layout.js';
import * as R from '../memory/record.js';
import { writeRecord } from '../memory/record-fields.js';
import { type ChildRows, NUMBER, NUMBERS, WORD, WORDS } from './child-rows.js';
import { TIME_UNKNOWN } from './entry-batch.js';
import type { ImportKernel } from './import-kernel.js';

/** Rows as the writing thread takes them; keys and values stand one behind the other. */
export type RowBlock = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of a row: bytes of its key | bytes of its value << 10. */
  readonly heads: Uint32Array<ArrayBuffer>;
  readonly ids: Float64Array<ArrayBuffer>;
  readonly count: number;
};

export const HEAD = {
  KEY_MASK: 0x3ff,
  VALUE_SHIFT: 10,
  VALUE_MASK: 0x3ff,
} as const;

/** Attributes that all inodes of one import share. */
export type InodeDefaults = {
  readonly nowMs: number;
  readonly mountId: number;
  readonly owner: number;
  readonly group: number;
  readonly fileMode: number;
  readonly directoryMode: number;
  /** As the target is. */
  readonly isPinned: boolean;
};

const ROWS_MAX = 65_536;
const BLOCK_BYTES = 8 << 20;
/** A key and a value of maximal length, with some reserve. */
const ROW_BYTES_MAX = 1024;
const AT = { FILE: 0, DIRECTORY: 512, PARENT: 1024, ROWS: 2048 } as const;
const HIGH = 0x1_0000_0000;

export class RowEncoder {
  readonly #kernel: KernelExports;
  readonly #u8: Uint8Array;
  readonly #u32: Uint32Array;
  readonly #base: number;
  readonly #heads = new Uint32Array(ROWS_MAX);
  readonly #ids = new Float64Array(ROWS_MAX);
  readonly #defaults: InodeDefaults;
  #count = 0;
  #end: number;
  #parentBytes = 0;

  constructor({ shared, kernel }: ImportKernel, defaults: InodeDefaults) {
    this.#kernel = kernel;
    this.#u8 = shared.u8;
    this.#u32 = new Uint32Array(shared.memory.buffer);
    this.#base = shared.fixed(CONTROL.FLUSH_ARENA_BASE);
    this.#end = this.#base + AT.ROWS;
    this.#defaults = defaults;
    for (const isFile of [true, false])
      writeRecord(shared.view, this.#at(isFile), this.#like(isFile));
  }

  get isFull(): boolean {
    return this.#count === ROWS_MAX || this.#end + ROW_BYTES_MAX > this.#base + BLOCK_BYTES;
  }

  get count(): number {
    return this.#count;
  }

  /** The following rows are children of this directory, by rising names. */
  begin(parentId: number): void {
    this.#parentBytes = this.#kernel.encodeId(parentId, this.#base + AT.PARENT);
  }

  /** One child; the encoder is not full. */
  add(children: ChildRows, row: number, id: number): void {
    const { names, numbers, words } = children;
    const u8 = this.#u8;
    const number = row * NUMBERS;
    const word = row * WORDS;
    const key = this.#end;
    let at = key;
    for (let i = 0; i < this.#parentBytes; i++) u8[at++] = u8[this.#base + AT.PARENT + i]!;
    const nameAt = words[word + WORD.NAME_AT]!;
    const nameBytes = words[word + WORD.NAME_BYTES]!;
    for (let i = 0; i < nameBytes; i++) u8[at++] = names[nameAt + i]!;
    const isFile = numbers[number + NUMBER.ID] === 0;
    const record = this.#at(isFile);
    this.#set(record + R.RECORD_ID, id);
    this.#set(record + R.RECORD_LENGTH, numbers[number + NUMBER.LENGTH]!);
    const mtimeMs = numbers[number + NUMBER.MTIME]!;
    const known = mtimeMs === TIME_UNKNOWN ? this.#defaults.nowMs : mtimeMs;
    this.#set(record + R.RECORD_MTIME, known);
    this.#set(record + R.RECORD_FINGERPRINT, numbers[number + NUMBER.FINGERPRINT]!);
    const mode = words[word + WORD.MODE]!;
    u8[record + R.RECORD_MODE] = mode;
    u8[record + R.RECORD_MODE + 1] = mode >> 8;
    this.#u32[(record + R.RECORD_OWNER) >> 2] = words[word + WORD.OWNER]!;
    this.#u32[(record + R.RECORD_GROUP) >> 2] = words[word + WORD.GROUP]!;
    const valueBytes = this.#kernel.encodeValue(key, at - key, record, at);
    this.#heads[this.#count] = (at - key) | (valueBytes << HEAD.VALUE_SHIFT);
    this.#ids[this.#count++] = id;
    this.#end = at + valueBytes;
  }

  /** The rows so far, copied; the encoder is empty then. */
  take(): RowBlock {
    const from = this.#base + AT.ROWS;
    const bytes = new Uint8Array(this.#end - from);
    bytes.set(this.#u8.subarray(from, this.#end));
    const count = this.#count;
    const heads = this.#heads.slice(0, count);
    const ids = this.#ids.slice(0, count);
    this.#count = 0;
    this.#end = from;
    return { bytes, heads, ids, count };
  }

  #at(isFile: boolean): number {
    return this.#base + (isFile ? AT.FILE : AT.DIRECTORY);
  }

  /** A non-negative whole number, or a time, as 64 bits. */
  #set(at: number, value: number): void {
    const high = Math.floor(value / HIGH);
    this.#u32[at >> 2] = value - high * HIGH;
    this.#u32[(at >> 2) + 1] = high;
  }

  #like(isFile: boolean) {
    const { nowMs, mountId, owner, group, isPinned } = this.#defaults;
    const pinned = isPinned ? R.FLAG_PINNED : 0;
    const loaded = isFile ? 0 : R.FLAG_CHILDREN_LOADED;
    return {
      seq: 0,
      parentId: 0,
      id: 0,
      length: 0,
      mtimeMs: nowMs,
      ctimeMs: nowMs,
      ttlMs: -1,
      blockSize: isFile ? BLOCK_BYTES_DEFAULT : 0,
      mode: 0,
      type: isFile ? R.INODE_TYPE_FILE : R.INODE_TYPE_DIRECTORY,
      flags: R.FLAG_COMPLETED | R.FLAG_PERSISTED | pinned | loaded,
      owner,
      group,
      mountId,
      replicationMin: 0,
      replicationMax: -1,
      fingerprint: 0,
      name: new Uint8Array(0),
    };
  }
}
