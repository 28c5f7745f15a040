/**
 * The FileInfo table of a reply, written forwards: offsets in FlatBuffers lead to higher addresses
 * only, so the strings of a table stand behind it.
 *
 *   0            4      8       12      16                    112
 *  ┌────────────┬──────┬───────┬───────┬─────────────────────┬──────┐
 *  │ to vtable  │ name │ owner │ group │ Inode = the record's│ path │ only with
 * FILE_INFO_PATH_VTABLE
 *  │            │  ↓   │   ↓   │   ↓   │ header, 96 bytes    │  ↓   │
 *  └────────────┴──────┴───────┴───────┴─────────────────────┴──────┘
 *   A full one has, behind path: 116 ufs path ↓ │ 120 mount uri ↓
 *
 * Invariant: a table begins at a multiple of 8 from the frame's start, so the struct is aligned.
 */
import { STRING_INDEX_BASE, STRING_BLOB_BASE } from './control';
import { CONTROL_BASE, CONTROL_STRING_COUNT } from './generated/layout';

/** With a path, padded to the next table's place: a multiple of 8. */
export const INFO_PATH_BYTES: u32 = 120;

/** Copies the 96 bytes of a record's header; neither address need be aligned. */
// @ts-ignore: decorator
@inline
export function copyHeader(record: usize, target: usize): void {
  v128.store(target, v128.load(record), 0);
  v128.store(target, v128.load(record, 16), 16);
  v128.store(target, v128.load(record, 32), 32);
  v128.store(target, v128.load(record, 48), 48);
  v128.store(target, v128.load(record, 64), 64);
  v128.store(target, v128.load(record, 80), 80);
}

/** Writes length, bytes and a zero; returns the next multiple of 4. */
export function putText(at: usize, text: usize, bytes: u32): usize {
  const end = openText(at, bytes);
  copyText(text, at + 4, bytes);
  return end;
}

/** All of a string except its bytes, which go to at + 4; returns the next multiple of 4. */
// @ts-ignore: decorator
@inline
export function openText(at: usize, bytes: u32): usize {
  const end = at + textRoom(bytes);
  // The zero and the padding, so that no byte of an older reply is sent.
  store<u32>(end - 4, 0);
  store<u32>(at, bytes);
  return end;
}

/** Bytes of a string with its length, its zero and its padding. */
// @ts-ignore: decorator
@inline
export function textRoom(bytes: u32): u32 {
  return (4 + bytes + 4) & ~3;
}

/** Names are short: a loop of eight bytes a step beats memory.copy's call into the engine. */
// @ts-ignore: decorator
@inline
function copyText(from: usize, to: usize, bytes: u32): void {
  if (bytes >= 64) {
    memory.copy(to, from, bytes);
    return;
  }
  let left = bytes;
  for (; left >= 8; left -= 8) {
    store<u64>(to, load<u64>(from));
    from += 8;
    to += 8;
  }
  for (; left > 0; left--) store<u8>(to++, load<u8>(from++));
}

/** Bytes of an interned text. An unused id reads as the empty text. */
// @ts-ignore: decorator
@inline
export function internedBytes(id: u32): u32 {
  return load<u32>(internedRow(id), 4);
}

/** Address of an interned text. */
// @ts-ignore: decorator
@inline
export function internedText(id: u32): usize {
  return STRING_BLOB_BASE + load<u32>(internedRow(id));
}

// @ts-ignore: decorator
@inline
function internedRow(id: u32): usize {
  const count = atomic.load<u32>(CONTROL_BASE + CONTROL_STRING_COUNT);
  return STRING_INDEX_BASE + ((id < count ? id : 0) << 3);
}
