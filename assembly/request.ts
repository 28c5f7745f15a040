/**
 * Reads a Request frame in place. The frame comes from a stranger, so nothing in it is believed:
 * every offset is compared with the frame's end before it is followed. One cursor in globals of
 * this instance.
 *
 *   0 u32 → Request table     table: i32 back to its vtable, then fields
 *                             vtable: u16 bytes, u16 table bytes, u16 slot (0 = absent) …
 *
 * Positions are relative to the frame; 0 is never a field's place and says "absent". An offset that
 * leads outside sets `broken`, after which all readers give 0 or absent.
 */
import {
  REQUEST_BODY_SLOT,
  REQUEST_BODY_TYPE_SLOT,
  REQUEST_CALL_SLOT,
  REQUEST_DEADLINE_MS_SLOT,
  REQUEST_SESSION_SLOT,
} from './generated/wire';

/** Larger numbers do not exist in JavaScript: the slow path refuses them. */
const CALL_END: u64 = 1 << 53;

/** Address and bytes of the frame. */
let base: usize = 0;
let size: u32 = 0;
let broken: bool = false;

/** The result of openRequest: the call, and the body's union number and table. */
export let requestCall: u64 = 0;
export let requestBodyType: u32 = 0;
export let requestBody: u32 = 0;
export let requestSession: u32 = 0;

/** The place of the text that readText found. */
export let textAt: usize = 0;
export let textBytes: u32 = 0;

/** False if the frame is not a sound Request up to its body's table. */
export function openRequest(frame: usize, bytes: u32): bool {
  base = frame;
  size = bytes;
  broken = false;
  if (bytes < 8) return false;
  const request = follow(0);
  checkTable(request);
  const call = fieldAt(request, REQUEST_CALL_SLOT, 8);
  requestCall = call == 0 ? 0 : load<u64>(base + call);
  // Not used here, but a frame must be sound as a whole.
  fieldAt(request, REQUEST_DEADLINE_MS_SLOT, 4);
  requestBodyType = readByte(request, REQUEST_BODY_TYPE_SLOT);
  requestSession = u32(readI32(request, REQUEST_SESSION_SLOT, 0));
  const body = fieldAt(request, REQUEST_BODY_SLOT, 4);
  requestBody = body == 0 ? 0 : follow(body);
  checkTable(requestBody);
  return !broken && requestCall < CALL_END && requestBody != 0;
}

/** True while nothing led outside of the frame. */
export function isSound(): bool {
  return !broken;
}

export function readByte(table: u32, slot: u32): u32 {
  const field = fieldAt(table, slot, 1);
  return field == 0 ? 0 : load<u8>(base + field);
}

export function readI16(table: u32, slot: u32, absent: i32): i32 {
  const field = fieldAt(table, slot, 2);
  return field == 0 ? absent : load<i16>(base + field);
}

export function readI32(table: u32, slot: u32, absent: i32): i32 {
  const field = fieldAt(table, slot, 4);
  return field == 0 ? absent : load<i32>(base + field);
}

export function readI64(table: u32, slot: u32, absent: i64): i64 {
  const field = fieldAt(table, slot, 8);
  return field == 0 ? absent : load<i64>(base + field);
}

export function hasField(table: u32, slot: u32): bool {
  return fieldAt(table, slot, 1) != 0;
}

/** Sets textAt and textBytes to the string of a field; false if it is absent. */
export function readText(table: u32, slot: u32): bool {
  const field = fieldAt(table, slot, 4);
  return field != 0 && setText(follow(field));
}

/** Position of the first element of a vector of offsets, or 0; its length is textBytes. */
export function readOffsets(table: u32, slot: u32): u32 {
  const field = fieldAt(table, slot, 4);
  if (field == 0) return 0;
  const vector = follow(field);
  textBytes = load<u32>(base + vector);
  if (broken || u64(textBytes) * 4 > size - 4 - vector) return fail();
  return vector + 4;
}

/** Sets textAt and textBytes to the string that the offset at `position` leads to. */
export function readElement(position: u32): bool {
  return setText(follow(position));
}

function setText(text: u32): bool {
  if (broken) return false;
  textBytes = load<u32>(base + text);
  textAt = base + text + 4;
  // A zero byte follows the text; the length does not count it.
  if (textBytes < size - 4 - text && load<u8>(textAt + textBytes) == 0) return true;
  broken = true;
  return false;
}

/** The target of the offset at `position`: at least four bytes of it are inside the frame. */
function follow(position: u32): u32 {
  const offset = load<u32>(base + position);
  if (offset == 0 || offset > size - 4 - position) return fail();
  return position + offset;
}

/** Checks a table's vtable, before any of its fields is read. */
function checkTable(table: u32): void {
  if (broken) return;
  // Unsigned, so a position before the frame becomes one far after it.
  const vtable = table - load<u32>(base + table);
  if (vtable > size - 4) {
    broken = true;
    return;
  }
  const vtableBytes = u32(load<u16>(base + vtable));
  const tableBytes = u32(load<u16>(base + vtable, 2));
  if (
    vtableBytes < 4 || (vtableBytes & 1) != 0 || vtableBytes > size - vtable ||
    tableBytes < 4 || tableBytes > size - table
  ) {
    broken = true;
  }
}

/** Position of a field of `bytes` bytes of a checked table; 0 if it is absent. */
function fieldAt(table: u32, slot: u32, bytes: u32): u32 {
  if (broken) return 0;
  const vtable = table - load<u32>(base + table);
  if (slot >= u32(load<u16>(base + vtable))) return 0;
  const offset = u32(load<u16>(base + vtable + slot));
  if (offset == 0) return 0;
  if (offset < 4 || offset + bytes > u32(load<u16>(base + vtable, 2))) return fail();
  return table + offset;
}

/** The first word of the frame keeps positions readable until the caller checks `broken`. */
function fail(): u32 {
  broken = true;
  return 0;
}
