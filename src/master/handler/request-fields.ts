/**
 * Fields of requests as the operations want them: paths as bytes of their own (a frame is gone
 * when its callback returns), xattrs as maps, numbers of enums checked.
 */
import { Encoding } from 'flatbuffers';
import { Code, StatusError } from '../../base/status.js';
import { type KeyValue, TtlAction, type XAttr } from '../../wire/generated/index.js';
import type { RequestCursor } from '../../wire/request-cursor.js';
import { FLAG_TTL_DELETE_ALLUXIO, FLAG_TTL_FREE } from '../memory/record.js';
import type { XAttrs } from '../memory/xattrs.js';
import { LoadType } from '../ops/mechanism/loading.js';

const EMPTY = new Uint8Array(0);

/** Where field number n of a table stands in its vtable. */
export const slotOf = (field: number): number => 4 + 2 * field;

/** A copy of a string (or a vector of bytes) of the body; empty when it is absent. */
export function bytesOf(cursor: RequestCursor, slot: number): Uint8Array {
  return cursor.string(slot) ? textOf(cursor) : EMPTY;
}

/** A copy of what string() or stringElement() found. */
export function textOf(cursor: RequestCursor): Uint8Array {
  const { bytes, textStart, textBytes } = cursor;
  const copy = new Uint8Array(textBytes);
  copy.set(bytes.subarray(textStart, textStart + textBytes));
  return copy;
}

type Text = (encoding: Encoding) => string | Uint8Array | null;

/** A copy of a string that a generated accessor reads: `bytesFrom((e) => request.path(e))`. */
export function bytesFrom(read: Text): Uint8Array {
  const text = read(Encoding.UTF8_BYTES);
  return text instanceof Uint8Array ? Uint8Array.from(text) : EMPTY;
}

export function loadOf(cursor: RequestCursor, slot: number): LoadType {
  const load = cursor.uint8(slot, LoadType.ONCE);
  if (load === LoadType.ONCE || load === LoadType.NEVER || load === LoadType.ALWAYS) return load;
  throw unknownNumber('load type', load);
}

/** FLAG_TTL_* bits of an action. */
export function ttlFlagsOf(action: number): number {
  switch (action) {
    case TtlAction.DELETE:
      return 0;
    case TtlAction.FREE:
      return FLAG_TTL_FREE;
    case TtlAction.DELETE_ALLUXIO:
      return FLAG_TTL_DELETE_ALLUXIO;
    default:
      throw unknownNumber('ttl action', action);
  }
}

/** Undefined when there are none. */
export function xattrsFrom(count: number, at: (index: number) => XAttr | null): XAttrs | undefined {
  if (count === 0) return undefined;
  const xattrs = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const row = at(i)!;
    xattrs.set(row.name(), Uint8Array.from(row.valueArray() ?? EMPTY));
  }
  return xattrs;
}

export function optionsFrom(
  count: number,
  at: (index: number) => KeyValue | null,
): Record<string, string> {
  const rows = Array.from({ length: count }, (_, i) => {
    const row = at(i)!;
    return [row.key(), row.value() ?? ''] as const;
  });
  return Object.fromEntries(rows);
}

export function unknownNumber(what: string, number: number): StatusError {
  return new StatusError(Code.INVALID_ARGUMENT, `There is no ${what} ${number}.`, {
    hint: 'Use a client of the same version as the master.',
  });
}
