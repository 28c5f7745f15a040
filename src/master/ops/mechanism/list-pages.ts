/**
 * The cursor of a listing: where the next page begins. Its bytes are opaque to clients. The master
 * keeps nothing of it, so a cursor outlives connections and restarts.
 *
 *   [kind u8][name, or path below the listed directory]
 *
 * A cursor names the entry that comes next. If it is gone by then, the entry after it comes.
 */
import { NAME_BYTES_MAX, PATH_BYTES_MAX } from '../../../base/limits.js';
import { Code, StatusError } from '../../../base/status.js';
import type { Executor } from '../../executor/executor.js';

export const CursorKind = {
  /** Children of one directory, from this name on. */
  NAME: 1,
  /** A tree, depth first, from this path on. */
  PATH: 2,
  /** After this name or path (its children first); never given to clients. */
  AFTER: 3,
} as const;
export type CursorKind = (typeof CursorKind)[keyof typeof CursorKind];

export type ListCursor = { readonly kind: CursorKind; readonly text: Uint8Array };

/** Where the next page begins; with an empty text only the listing itself can go on. */
export type PageEnd = ListCursor;

/** A listing in progress; what it holds between pages is private to it. */
export type ListPages = {
  /** Children of the directory, -1 when the listing is recursive. */
  readonly fileCount: number;
  /** Adds entries to the page that listBegin() begins. Undefined: these were the last. */
  addEntries(executor: Executor, entriesMax: number): PageEnd | undefined;
};

export function decodeCursor(bytes: Uint8Array, recursive: boolean): ListCursor {
  const kind = bytes[0];
  const text = bytes.slice(1);
  const fits = text.length > 0 && text.length <= (recursive ? PATH_BYTES_MAX : NAME_BYTES_MAX);
  if (fits && kind === CursorKind.NAME && !recursive) return { kind, text };
  if (fits && kind === CursorKind.PATH && recursive) return { kind, text };
  throw new StatusError(Code.INVALID_ARGUMENT, 'The cursor is not one of this listing.', {
    hint: 'Give the cursor of the page before, with the same path and options.',
  });
}
