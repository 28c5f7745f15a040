/**
 * The place of a path's data in its store. Usually it has the same names. But rename and delete
 * never touch the store, so a moved inode remembers the place of its data: its origin.
 *
 *   /m is a mount;  mv /m/a /m/b   →   inode b has the origin "a"
 *   /m/b/c                        →   deepest node with an origin is b: "a" + "/c"
 *
 * Side records (memory/entry-format.ts): ORIGIN by inode id, and ORIGIN_BACK by store path, which
 * says that this key of the store belongs to that inode: a load passes over it, and new data is
 * not written there. Pure but for the reader that is handed in.
 */
import { relativeTo } from './mount-table.js';

export type Origin = { readonly mountId: number; readonly path: string };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeOrigin(origin: Origin): Uint8Array {
  return encoder.encode(JSON.stringify(origin));
}

export function decodeOrigin(bytes: Uint8Array): Origin {
  return JSON.parse(decoder.decode(bytes)) as Origin;
}

/** Longest key that tier 2 takes; longer store paths are kept by their hash (originKey). */
const KEY_PATH_BYTES_MAX = 1024;

/** Key of an ORIGIN_BACK record: mount id, then the store path, or its head and hash if long. */
export function originKey(mountId: number, storePath: string): Uint8Array {
  let path = encoder.encode(storePath);
  if (path.length > KEY_PATH_BYTES_MAX) {
    path = encoder.encode(`${storePath.slice(0, 200)}\0${longHash(path)}`);
  }
  const key = new Uint8Array(4 + path.length);
  new DataView(key.buffer).setUint32(0, mountId, true);
  key.set(path, 4);
  return key;
}

/**
 * The store path of `path` under the mount at `mountPath`. `originDepth` and `origin` name the
 * deepest node on the path that has an origin, if any; depth 0 is the root.
 */
export function storePath(
  path: string,
  mountPath: string,
  origin: { readonly depth: number; readonly at: Origin } | undefined,
): string {
  if (origin === undefined) return relativeTo(path, mountPath);
  const rest = path
    .split('/')
    .slice(origin.depth + 1)
    .join('/');
  return rest === '' ? origin.at.path : `${origin.at.path}/${rest}`;
}

/** FNV-1a twice with different seeds: 64 bits, so that two long paths do not meet by chance. */
function longHash(bytes: Uint8Array): string {
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b) ^ (a >>> 13);
  }
  return (a >>> 0).toString(16) + (b >>> 0).toString(16);
}
