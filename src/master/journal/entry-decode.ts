/**
 * A journal entry as plain objects, for dumps, tests and standbys. The reader checks the CRC. Here
 * every length is compared with its container, so that a wrong entry with a right CRC is refused
 * (DATA_LOSS) and never read out of bounds. Pure.
 */

import { ENTRY_BYTES_MAX, NAME_BYTES_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import { readI64, readU64 } from '../../base/word64.js';
import * as E from '../memory/entry-format.js';
import { RECORD_NAME, RECORD_NAME_LEN } from '../memory/record.js';
import { type RecordFields, readRecord, recordBytes } from '../memory/record-fields.js';

export type PutChange = {
  readonly kind: 'put';
  readonly record: RecordFields;
  /** The next change removes the key that the inode leaves: both count as one. */
  readonly moves: boolean;
};
export type RemoveChange = {
  readonly kind: 'remove';
  readonly parentId: number;
  readonly id: number;
  readonly name: Uint8Array;
  readonly dropId: boolean;
};
export type ParentChange = {
  readonly kind: 'parent';
  readonly grandparentId: number;
  readonly parentId: number;
  readonly mtimeMs: number;
  readonly childDelta: number;
  readonly name: Uint8Array;
};
export type SideChange = {
  readonly kind: 'side';
  readonly sideKind: number;
  readonly key: Uint8Array;
  /** null = the side record is removed. */
  readonly value: Uint8Array | null;
};
export type Change = PutChange | RemoveChange | ParentChange | SideChange;

export type Entry = {
  readonly seq: number;
  readonly timeMs: number;
  readonly clientId: number;
  readonly callId: number;
  readonly op: number;
  readonly structural: boolean;
  readonly salt: number;
  readonly bytes: number;
  readonly changes: readonly Change[];
};

/** Decodes the entry at `offset`; its names, keys and values are copies. */
export function decodeEntry(bytes: Uint8Array, offset: number): Entry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  check(offset >= 0 && offset + E.ENTRY_CHANGES <= bytes.length, 'its header is cut off');
  const length = view.getUint32(offset + E.ENTRY_LENGTH, true);
  check(length >= E.ENTRY_CHANGES && length <= ENTRY_BYTES_MAX && length % 8 === 0, 'its length');
  check(offset + length <= bytes.length, 'it is cut off');
  const end = offset + length;
  const op = view.getUint16(offset + E.ENTRY_OP, true);
  const changes: Change[] = [];
  let at = offset + E.ENTRY_CHANGES;
  const changeCount = view.getUint16(offset + E.ENTRY_CHANGE_COUNT, true);
  for (let i = 0; i < changeCount; i++) {
    check(at + E.CHANGE_PAYLOAD <= end, `change ${i} begins beyond its end`);
    const payloadBytes = view.getUint32(at + E.CHANGE_BYTES, true);
    const payload = at + E.CHANGE_PAYLOAD;
    check(payloadBytes <= end - payload, `change ${i} ends beyond its end`);
    changes.push(decodeChange(view, at, payload, payloadBytes));
    at = payload + ((payloadBytes + 7) & ~7);
  }
  check(at === end, 'bytes follow its last change');
  return {
    seq: whole(readU64(view, offset + E.ENTRY_SEQ)),
    timeMs: whole(readI64(view, offset + E.ENTRY_TIME)),
    clientId: whole(readU64(view, offset + E.ENTRY_CLIENT_ID)),
    callId: whole(readU64(view, offset + E.ENTRY_CALL_ID)),
    op: op & ~E.OP_STRUCTURAL,
    structural: (op & E.OP_STRUCTURAL) !== 0,
    salt: view.getUint32(offset + E.ENTRY_SALT, true),
    bytes: length,
    changes,
  };
}

function decodeChange(view: DataView, at: number, payload: number, bytes: number): Change {
  const kind = view.getUint8(at + E.CHANGE_KIND);
  switch (kind) {
    case E.CHANGE_PUT:
      check(bytes >= RECORD_NAME, 'a PUT is shorter than a record');
      check(bytes === recordBytes(view.getUint8(payload + RECORD_NAME_LEN)), 'length of a PUT');
      return {
        kind: 'put',
        record: wholeRecord(readRecord(view, payload)),
        moves: (view.getUint8(at + E.CHANGE_FLAGS) & E.PUT_MOVES) !== 0,
      };
    case E.CHANGE_REMOVE:
      return decodeRemove(view, at, payload, bytes);
    case E.CHANGE_PARENT:
      return decodeParent(view, payload, bytes);
    case E.CHANGE_SIDE:
      return decodeSide(view, payload, bytes);
    default:
      throw malformed(`change kind ${kind} is unknown`);
  }
}

function decodeRemove(view: DataView, at: number, payload: number, bytes: number): RemoveChange {
  check(bytes >= E.REMOVE_NAME, 'a REMOVE is too short');
  const nameBytes = view.getUint32(payload + E.REMOVE_NAME_LEN, true);
  check(nameBytes <= NAME_BYTES_MAX && bytes === E.REMOVE_NAME + nameBytes, 'length of a REMOVE');
  return {
    kind: 'remove',
    parentId: whole(readU64(view, payload + E.REMOVE_PARENT_ID)),
    id: whole(readU64(view, payload + E.REMOVE_ID)),
    name: copy(view, payload + E.REMOVE_NAME, nameBytes),
    dropId: (view.getUint8(at + E.CHANGE_FLAGS) & E.REMOVE_DROP_ID) !== 0,
  };
}

function decodeParent(view: DataView, payload: number, bytes: number): ParentChange {
  check(bytes >= E.PARENT_NAME, 'a PARENT is too short');
  const nameBytes = view.getUint32(payload + E.PARENT_NAME_LEN, true);
  check(nameBytes <= NAME_BYTES_MAX && bytes === E.PARENT_NAME + nameBytes, 'length of a PARENT');
  return {
    kind: 'parent',
    grandparentId: whole(readU64(view, payload + E.PARENT_GRANDPARENT_ID)),
    parentId: whole(readU64(view, payload + E.PARENT_ID)),
    mtimeMs: whole(readI64(view, payload + E.PARENT_MTIME)),
    childDelta: view.getInt32(payload + E.PARENT_CHILD_DELTA, true),
    name: copy(view, payload + E.PARENT_NAME, nameBytes),
  };
}

function decodeSide(view: DataView, payload: number, bytes: number): SideChange {
  check(bytes >= E.SIDE_KEY, 'a SIDE is too short');
  const keyBytes = view.getUint16(payload + E.SIDE_KEY_LEN, true);
  const valueBytes = view.getUint32(payload + E.SIDE_VALUE_LEN, true);
  check(bytes === E.SIDE_KEY + keyBytes + valueBytes, 'length of a SIDE');
  const removed = view.getUint8(payload + E.SIDE_REMOVE);
  check(removed === 0 || (removed === 1 && valueBytes === 0), 'a removed SIDE has a value');
  return {
    kind: 'side',
    sideKind: view.getUint8(payload + E.SIDE_KIND),
    key: copy(view, payload + E.SIDE_KEY, keyBytes),
    value: removed === 1 ? null : copy(view, payload + E.SIDE_KEY + keyBytes, valueBytes),
  };
}

function wholeRecord(record: RecordFields): RecordFields {
  for (const value of Object.values(record)) if (typeof value === 'number') whole(value);
  return record;
}

/** The 64-bit readers answer NaN for what no number can hold. */
function whole(value: number): number {
  check(!Number.isNaN(value), 'a 64-bit field is beyond 2^53');
  return value;
}

function copy(view: DataView, offset: number, bytes: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, bytes).slice();
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw malformed(what);
}

function malformed(what: string): StatusError {
  return new StatusError(Code.DATA_LOSS, `Malformed journal entry: ${what}.`);
}
