/** Twin of assembly/path.ts: splits at every slash, then keeps a stack of names. */
import {
  NAME_BYTES_MAX,
  PATH_BYTES_MAX,
  PATH_DEPTH_MAX,
  PATH_INPUT_BYTES_MAX,
} from '../../../base/limits.js';
import { PathFault } from '../exports.js';
import { isUtf8 } from './utf8.js';

const SLASH = 0x2f;

export type CleanPath = { readonly names: readonly Uint8Array[]; readonly path: Uint8Array };

/** The cleaned path and its names, or a PathFault. */
export function cleanPath(path: Uint8Array): CleanPath | number {
  if (path.length > PATH_INPUT_BYTES_MAX) return PathFault.TOO_LONG;
  if (path[0] !== SLASH) return PathFault.NOT_ABSOLUTE;
  if (path.includes(0)) return PathFault.NUL_BYTE;
  if (!isUtf8(path)) return PathFault.NOT_UTF8;

  const names: Uint8Array[] = [];
  for (const name of split(path)) {
    const text = name.length <= 2 ? String.fromCharCode(...name) : 'a name';
    if (text === '' || text === '.') continue;
    if (text === '..') {
      names.pop();
      continue;
    }
    if (name.length > NAME_BYTES_MAX) return PathFault.NAME_TOO_LONG;
    if (lengthOf(names) + 1 + name.length > PATH_BYTES_MAX) return PathFault.TOO_LONG;
    if (names.length === PATH_DEPTH_MAX) return PathFault.TOO_DEEP;
    names.push(name);
  }
  return { names, path: names.length === 0 ? Uint8Array.of(SLASH) : join(names) };
}

function split(path: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let at = 0; at <= path.length; at++) {
    if (at < path.length && path[at] !== SLASH) continue;
    parts.push(path.slice(start, at));
    start = at + 1;
  }
  return parts;
}

function lengthOf(names: readonly Uint8Array[]): number {
  return names.reduce((sum, name) => sum + 1 + name.length, 0);
}

function join(names: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(names.flatMap((name) => [SLASH, ...name]));
}
