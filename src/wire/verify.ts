/**
 * FlatBuffers has no verifier in TypeScript: its accessors believe every offset. This one walks a
 * message along the tables generated from the schemas. It accepts the message only if every offset,
 * vtable, vector and string that an accessor could follow lies inside the frame.
 *
 *   0 u32 -> root table
 *   table: i32 back to its vtable, then fields     vtable: u16 bytes, u16 table bytes, u16 slots…
 *   string, vector: u32 count, then elements       offset: u32 forward from where it stands
 *
 * Invariant: on VALID, no generated accessor for that root reads outside of the frame.
 * Invariant: work and later decoding are linear in the frame. Offsets may be shared, so a small
 *   frame could name the same huge vector or string many times: so elements and text have budgets
 *   derived from the frame's length.
 * It does not check whether strings are UTF-8 or values make sense. It allocates nothing.
 */
import { fields, Kind, members, replyTable, requestTable, starts } from './generated/tables.js';

export const Verdict = { VALID: 0, MALFORMED: 1, UNKNOWN_MEMBER: 2 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

const FIELD_NUMBERS = 4;
/** The deepest message of today has 5 levels. */
const DEPTH_MAX = 16;
/** An unshared element takes at least this many bytes: its own offset. */
const ELEMENT_BYTES_MIN = 4;
/** How often the text of a frame may be shared: short owner names of a listing are. */
const TEXT_SHARING_MAX = 16;
const TEXT_BYTES_FREE = 4096;
const NO_MEMBER = 255;

let frame: Uint8Array = new Uint8Array(0);
let end = 0;
let elementsLeft = 0;
let textLeft = 0;
let unknownMember = false;

export const verifyRequest = (bytes: Uint8Array): Verdict => verify(bytes, requestTable);

/** Beside its text, what an element of a decoded message takes: measured with rows of a batch. */
const UNFOLDED_ELEMENT_BYTES = 512;

/** What the message that was verified last takes when it is decoded, about. */
export function unfoldedBytes(): number {
  const text = end * TEXT_SHARING_MAX + TEXT_BYTES_FREE - textLeft;
  const elements = Math.floor(end / ELEMENT_BYTES_MIN) - elementsLeft;
  return text + elements * UNFOLDED_ELEMENT_BYTES;
}

export const verifyReply = (bytes: Uint8Array): Verdict => verify(bytes, replyTable);

function verify(bytes: Uint8Array, rootTable: number): Verdict {
  frame = bytes;
  end = bytes.length;
  elementsLeft = Math.floor(end / ELEMENT_BYTES_MIN);
  textLeft = end * TEXT_SHARING_MAX + TEXT_BYTES_FREE;
  unknownMember = false;
  if (tableAt(follow(0), rootTable, 0)) return Verdict.VALID;
  return unknownMember ? Verdict.UNKNOWN_MEMBER : Verdict.MALFORMED;
}

const u16 = (at: number): number => frame[at]! | (frame[at + 1]! << 8);

const i32 = (at: number): number =>
  frame[at]! | (frame[at + 1]! << 8) | (frame[at + 2]! << 16) | (frame[at + 3]! << 24);

/** The target of the offset at `at`; -1 = outside of the frame, or none. */
function follow(at: number): number {
  if (at < 0 || at + 4 > end) return -1;
  const offset = i32(at) >>> 0;
  const target = at + offset;
  return offset === 0 || target > end - 4 ? -1 : target;
}

function tableAt(at: number, table: number, depth: number): boolean {
  if (at < 0 || depth > DEPTH_MAX || --elementsLeft < 0) return false;
  const vtable = at - i32(at);
  if (vtable < 0 || vtable > end - 4) return false;
  const vtableBytes = u16(vtable);
  const tableBytes = u16(vtable + 2);
  if (vtableBytes < 4 || (vtableBytes & 1) !== 0 || vtable + vtableBytes > end) return false;
  if (tableBytes < 4 || at + tableBytes > end) return false;

  const stop = starts[table + 1]!;
  for (let f = starts[table]!; f < stop; f += FIELD_NUMBERS) {
    const slot = fields[f]!;
    const offset = slot < vtableBytes ? u16(vtable + slot) : 0;
    const kind = fields[f + 1]!;
    const member = kind === Kind.UNION ? memberType(at, vtable, vtableBytes, slot) : 0;
    if (offset === 0) {
      // A required field, or a union that has a type without a value.
      if (fields[f + 3] === 1 || member !== 0) return false;
    } else {
      const bytes = kind === Kind.SCALAR ? fields[f + 2]! : 4;
      if (offset < 4 || offset + bytes > tableBytes) return false;
      if (kind === Kind.UNION) {
        if (!unionAt(at + offset, fields[f + 2]!, member, depth)) return false;
      } else if (kind !== Kind.SCALAR && !referenceAt(at + offset, kind, fields[f + 2]!, depth)) {
        return false;
      }
    }
  }
  return true;
}

/** A union's type stands in the slot before it, which the loop above has checked already. */
function memberType(at: number, vtable: number, vtableBytes: number, slot: number): number {
  const offset = slot - 2 < vtableBytes ? u16(vtable + slot - 2) : 0;
  return offset === 0 ? 0 : frame[at + offset]!;
}

function unionAt(at: number, union: number, member: number, depth: number): boolean {
  const row = members[union]!;
  const table = member < row.length ? row[member]! : NO_MEMBER;
  if (table !== NO_MEMBER) return tableAt(follow(at), table, depth + 1);
  unknownMember = member !== 0;
  return false;
}

function referenceAt(at: number, kind: number, argument: number, depth: number): boolean {
  const target = follow(at);
  if (target < 0) return false;
  if (kind === Kind.TABLE) return tableAt(target, argument, depth + 1);
  if (kind === Kind.STRING) return textAt(target, 1);
  if (kind === Kind.BYTES) return textAt(target, 0);
  return offsetsAt(target, kind, argument, depth);
}

/** A string, which ends in a zero byte beyond its count, or a vector of bytes. */
function textAt(at: number, zeros: number): boolean {
  const count = i32(at) >>> 0;
  if (at + 4 + count + zeros > end || (zeros === 1 && frame[at + 4 + count] !== 0)) return false;
  textLeft -= count;
  return textLeft >= 0;
}

function offsetsAt(at: number, kind: number, table: number, depth: number): boolean {
  const count = i32(at) >>> 0;
  if (at + 4 + count * 4 > end || count > elementsLeft) return false;
  if (kind === Kind.STRINGS) elementsLeft -= count; // tables count themselves
  for (let element = at + 4; element < at + 4 + count * 4; element += 4) {
    const target = follow(element);
    if (target < 0) return false;
    const fine = kind === Kind.TABLES ? tableAt(target, table, depth + 1) : textAt(target, 1);
    if (!fine) return false;
  }
  return true;
}

/**
 * The call number of a request that is not valid, so that the refusal finds its caller; 0 when
 * not even that can be read.
 */
export function callNumberOf(bytes: Uint8Array): number {
  frame = bytes;
  end = bytes.length;
  const table = follow(0);
  if (table < 0) return 0;
  const vtable = table - i32(table);
  if (vtable < 0 || vtable > end - 6 || u16(vtable) < 6) return 0;
  const offset = u16(vtable + 4);
  const at = table + offset;
  if (offset < 4 || at + 8 > end) return 0;
  const call = (i32(at + 4) >>> 0) * 2 ** 32 + (i32(at) >>> 0);
  return Number.isSafeInteger(call) ? call : 0;
}
