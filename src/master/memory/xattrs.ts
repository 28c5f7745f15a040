/**
 * Extended attributes of one inode, as the bytes of its side record (SIDE_XATTR, key = id):
 *   [u16 name bytes][u32 value bytes][name][value] …, sorted by name. Pure.
 */
import { XATTR_BYTES_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import { writeWord64 } from '../../base/word64.js';

export type XAttrs = ReadonlyMap<string, Uint8Array>;

/** How new xattrs combine with the existing ones; the numbers are the wire's XAttrUpdate. */
export const XAttrUpdate = {
  TRUNCATE: 0,
  UNION_REPLACE: 1,
  UNION_PRESERVE: 2,
  DELETE_KEYS: 3,
} as const;
export type XAttrUpdate = (typeof XAttrUpdate)[keyof typeof XAttrUpdate];

const HEADER_BYTES = 6;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeXAttrs(xattrs: XAttrs): Uint8Array {
  const rows = [...xattrs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name: encoder.encode(name), value }));
  const total = rows.reduce((sum, r) => sum + HEADER_BYTES + r.name.length + r.value.length, 0);
  if (total > XATTR_BYTES_MAX) {
    throw new StatusError(
      Code.INVALID_ARGUMENT,
      `The extended attributes take ${total} bytes; one inode may have ${XATTR_BYTES_MAX}.`,
      { hint: 'Store large values in a file.' },
    );
  }
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { name, value } of rows) {
    view.setUint16(at, name.length, true);
    view.setUint32(at + 2, value.length, true);
    bytes.set(name, at + HEADER_BYTES);
    bytes.set(value, at + HEADER_BYTES + name.length);
    at += HEADER_BYTES + name.length + value.length;
  }
  return bytes;
}

export function decodeXAttrs(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const xattrs = new Map<string, Uint8Array>();
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const name = at + HEADER_BYTES;
    const value = name + view.getUint16(at, true);
    const end = value + view.getUint32(at + 2, true);
    xattrs.set(decoder.decode(bytes.slice(name, value)), bytes.slice(value, end));
    at = end;
  }
  return xattrs;
}

/** The set after an update. */
export function updateXAttrs(present: XAttrs, given: XAttrs, update: XAttrUpdate): XAttrs {
  switch (update) {
    case XAttrUpdate.TRUNCATE:
      return given;
    case XAttrUpdate.UNION_REPLACE:
      return new Map([...present, ...given]);
    case XAttrUpdate.UNION_PRESERVE:
      return new Map([...given, ...present]);
    case XAttrUpdate.DELETE_KEYS:
      return new Map([...present].filter(([name]) => !given.has(name)));
    default:
      throw new StatusError(Code.INVALID_ARGUMENT, `There is no xattr update ${String(update)}.`);
  }
}

/** Key of the side records that belong to one inode. */
export function idKey(id: number): Uint8Array {
  const key = new Uint8Array(8);
  writeWord64(new DataView(key.buffer), 0, id);
  return key;
}
