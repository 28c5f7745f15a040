/**
 * Builds journal entries (memory/entry-format.ts) in place: in an executor's ring or any other
 * window, without allocating. decodeEntry (entry-decode.ts) is the other direction.
 *
 *   begin(at, …)   put() remove() parent() side()   finish()
 *
 * Invariant: nothing outside [at, at + room) is written. An entry that would grow beyond its room
 * throws RESOURCE_EXHAUSTED; the window then holds rubbish that nobody was told of, and begin()
 * starts anew. Names and records come as windows (bytes, offset) because they mostly stand in
 * shared memory already and a subarray for each would be garbage.
 */
import { assert } from '../../base/assert.js';
import { crc32c } from '../../base/crc32c.js';
import { ENTRY_BYTES_MAX, NAME_BYTES_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import { writeWord64 } from '../../base/word64.js';
import * as E from '../memory/entry-format.js';
import { RECORD_NAME, RECORD_NAME_LEN } from '../memory/record.js';
import { type RecordFields, recordBytes, writeRecord } from '../memory/record-fields.js';

/** Up to this many bytes a loop is as fast as a built-in copy (measured: 12 bytes 37 : 41 ns). */
const LOOP_COPY_BYTES_MAX = 16;
const SIDE_KEY_BYTES_MAX = 0xffff;
const CHANGE_COUNT_MAX = 0xffff;

export class EntryWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #start = 0;
  /** Where the next change goes. */
  #at = 0;
  #end = 0;
  #changeCount = 0;

  constructor(window: Uint8Array) {
    this.#bytes = window;
    this.#view = new DataView(window.buffer, window.byteOffset, window.byteLength);
  }

  /** Starts an entry at `offset` of the window; it may use `roomBytes` from there. */
  begin(
    offset: number,
    timeMs: number,
    clientId: number,
    callId: number,
    op: number,
    roomBytes: number = ENTRY_BYTES_MAX,
  ): void {
    assert(offset % 8 === 0, 'entries are aligned to 8 bytes');
    assert((op & ~E.OP_STRUCTURAL) < E.OP_WAL_FIRST, 'the op is not one of the WAL');
    this.#start = offset;
    this.#at = offset;
    this.#end = Math.min(offset + Math.min(roomBytes, ENTRY_BYTES_MAX), this.#bytes.length);
    this.#changeCount = 0;
    this.#reserve(E.ENTRY_CHANGES);
    const view = this.#view;
    view.setUint32(offset + E.ENTRY_CRC, 0, true);
    writeWord64(view, offset + E.ENTRY_SEQ, 0);
    writeWord64(view, offset + E.ENTRY_TIME, timeMs);
    writeWord64(view, offset + E.ENTRY_CLIENT_ID, clientId);
    writeWord64(view, offset + E.ENTRY_CALL_ID, callId);
    view.setUint16(offset + E.ENTRY_OP, op, true);
    view.setUint32(offset + E.ENTRY_SALT, 0, true);
    this.#at = offset + E.ENTRY_CHANGES;
  }

  /** PUT of the record whose bytes stand at `offset` of `source`; returns where, in the entry. */
  put(source: Uint8Array, offset = 0): number {
    const bytes = recordBytes(source[offset + RECORD_NAME_LEN]!);
    assert(offset + bytes <= source.length, 'the window holds the whole record');
    const to = this.#change(E.CHANGE_PUT, 0, bytes);
    this.#copy(source, offset, bytes, to);
    return to - this.#start;
  }

  /**
   * PUT of a record given as fields; returns where it stands, from the beginning of the entry.
   * `flags`: PUT_MOVES where the REMOVE of its old key comes next, PUT_NEW for a new inode.
   */
  putFields(fields: RecordFields, flags = 0): number {
    checkName(fields.name.length);
    const to = this.#change(E.CHANGE_PUT, flags, recordBytes(fields.name.length));
    writeRecord(this.#view, to, fields);
    return to - this.#start;
  }

  /** REMOVE of key (parentId, name). `flags`: REMOVE_DROP_ID when the inode is gone, not moved. */
  remove(
    parentId: number,
    id: number,
    name: Uint8Array,
    flags: number,
    nameAt = 0,
    nameBytes: number = name.length - nameAt,
  ): void {
    checkName(nameBytes);
    const to = this.#change(E.CHANGE_REMOVE, flags, E.REMOVE_NAME + nameBytes);
    writeWord64(this.#view, to + E.REMOVE_PARENT_ID, parentId);
    writeWord64(this.#view, to + E.REMOVE_ID, id);
    this.#view.setUint32(to + E.REMOVE_NAME_LEN, nameBytes, true);
    this.#view.setUint32(to + E.REMOVE_NAME_LEN + 4, 0, true);
    this.#copy(name, nameAt, nameBytes, to + E.REMOVE_NAME);
  }

  /** PARENT of the directory `parentId`, which hangs at key (grandparentId, name). */
  parent(
    grandparentId: number,
    parentId: number,
    mtimeMs: number,
    childDelta: number,
    name: Uint8Array,
    nameAt = 0,
    nameBytes: number = name.length - nameAt,
  ): void {
    checkName(nameBytes);
    const to = this.#change(E.CHANGE_PARENT, 0, E.PARENT_NAME + nameBytes);
    writeWord64(this.#view, to + E.PARENT_GRANDPARENT_ID, grandparentId);
    writeWord64(this.#view, to + E.PARENT_ID, parentId);
    writeWord64(this.#view, to + E.PARENT_MTIME, mtimeMs);
    this.#view.setInt32(to + E.PARENT_CHILD_DELTA, childDelta, true);
    this.#view.setUint32(to + E.PARENT_NAME_LEN, nameBytes, true);
    this.#copy(name, nameAt, nameBytes, to + E.PARENT_NAME);
  }

  /** SIDE: the side record `key` of `kind` gets `value`, or goes when it is null. */
  side(kind: number, key: Uint8Array, value: Uint8Array | null): void {
    if (key.length > SIDE_KEY_BYTES_MAX) {
      throw new StatusError(
        Code.INVALID_ARGUMENT,
        `A side key of ${key.length} bytes is too long.`,
      );
    }
    const valueBytes = value === null ? 0 : value.length;
    const to = this.#change(E.CHANGE_SIDE, 0, E.SIDE_KEY + key.length + valueBytes);
    this.#view.setUint8(to + E.SIDE_KIND, kind);
    this.#view.setUint8(to + E.SIDE_REMOVE, value === null ? 1 : 0);
    this.#view.setUint16(to + E.SIDE_KEY_LEN, key.length, true);
    this.#view.setUint32(to + E.SIDE_VALUE_LEN, valueBytes, true);
    this.#copy(key, 0, key.length, to + E.SIDE_KEY);
    if (value !== null) this.#copy(value, 0, valueBytes, to + E.SIDE_KEY + key.length);
  }

  /** Ends the entry and returns its bytes. seq, salt and crc are for the writer thread to set. */
  finish(): number {
    assert(this.#at > this.#start, 'finish() follows begin()');
    const length = this.#at - this.#start;
    this.#view.setUint32(this.#start + E.ENTRY_LENGTH, length, true);
    this.#view.setUint16(this.#start + E.ENTRY_CHANGE_COUNT, this.#changeCount, true);
    this.#at = this.#start;
    return length;
  }

  /** Writes a change's header and padding; returns where its payload goes. */
  #change(kind: number, flags: number, payloadBytes: number): number {
    assert(this.#at > this.#start, 'changes follow begin()');
    const padded = (payloadBytes + 7) & ~7;
    this.#reserve(E.CHANGE_PAYLOAD + padded);
    if (this.#changeCount === CHANGE_COUNT_MAX) throw tooLarge();
    const at = this.#at;
    this.#view.setUint32(at + E.CHANGE_KIND, kind | (flags << 8), true);
    this.#view.setUint32(at + E.CHANGE_BYTES, payloadBytes, true);
    const payload = at + E.CHANGE_PAYLOAD;
    for (let i = payloadBytes; i < padded; i++) this.#bytes[payload + i] = 0;
    this.#at = payload + padded;
    this.#changeCount++;
    return payload;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes > this.#end) throw tooLarge();
  }

  /** Shared memory to itself is the common case, and copyWithin needs no new view for it. */
  #copy(source: Uint8Array, offset: number, bytes: number, to: number): void {
    const target = this.#bytes;
    if (bytes <= LOOP_COPY_BYTES_MAX) {
      for (let i = 0; i < bytes; i++) target[to + i] = source[offset + i]!;
    } else if (source === target) {
      target.copyWithin(to, offset, offset + bytes);
    } else {
      target.set(source.subarray(offset, offset + bytes), to);
    }
  }
}

/** Gives the entry at `offset` its seq, salt and CRC: the twin of the kernel of that name. */
export function sealEntry(bytes: Uint8Array, offset: number, seq: number, salt: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(offset + E.ENTRY_LENGTH, true);
  assert(offset + length <= bytes.length, 'the window holds the whole entry');
  writeWord64(view, offset + E.ENTRY_SEQ, seq);
  view.setUint32(offset + E.ENTRY_SALT, salt, true);
  const crc = crc32c(bytes, offset + E.ENTRY_LENGTH, length - E.ENTRY_LENGTH);
  view.setUint32(offset + E.ENTRY_CRC, crc, true);
}

function checkName(nameBytes: number): void {
  if (nameBytes > NAME_BYTES_MAX) {
    throw new StatusError(
      Code.INVALID_ARGUMENT,
      `A name of ${nameBytes} bytes is longer than ${NAME_BYTES_MAX}.`,
    );
  }
}

function tooLarge(): StatusError {
  return new StatusError(
    Code.RESOURCE_EXHAUSTED,
    `The change does not fit one journal entry of ${ENTRY_BYTES_MAX} bytes.`,
    { hint: 'Split the call into smaller ones.' },
  );
}

assert(RECORD_NAME % 8 === 0, 'fields of a record in an entry are aligned as in a slot');
