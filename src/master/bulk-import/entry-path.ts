/**
 * Whether the namespace can have a path that a manifest names. Pure.
 */
import { isUtf8 } from 'node:buffer';
import { NAME_BYTES_MAX, PATH_BYTES_MAX, PATH_DEPTH_MAX } from '../../base/limits.js';
import type { RejectReason } from './rejects.js';

const SLASH = 0x2f;
const DOT = 0x2e;
/** A name at the root of a mount that holds what the mount keeps there itself. */
const RESERVED = Buffer.from('.orchard');

/** The part of a path's length and depth that the target takes. */
export type PathRoom = {
  readonly depth: number;
  readonly bytes: number;
  /** The target is the root of a mount. */
  readonly isMountRoot: boolean;
};

/** Why the namespace cannot have the path; one slash at its end is allowed. */
export function pathProblem(
  bytes: Buffer,
  at: number,
  pathBytes: number,
  room: PathRoom,
): RejectReason | undefined {
  const end = at + pathBytes;
  let name = at;
  let depth = 0;
  let high = 0;
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    high |= byte;
    if (byte === 0) return 'nul';
    if (byte !== SLASH) continue;
    const problem = nameProblem(bytes, name, i);
    if (problem !== undefined) return problem;
    depth++;
    name = i + 1;
  }
  if (name < end || pathBytes === 0) {
    const problem = nameProblem(bytes, name, end);
    if (problem !== undefined) return problem;
    depth++;
  }
  if (depth + room.depth > PATH_DEPTH_MAX) return 'depth';
  if (pathBytes + room.bytes > PATH_BYTES_MAX) return 'path';
  if (high >= 0x80 && !isUtf8(bytes.subarray(at, end))) return 'utf8';
  if (room.isMountRoot && bytes[at] === DOT && isReserved(bytes, at, end)) return 'reserved';
  return undefined;
}

function nameProblem(bytes: Buffer, from: number, to: number): RejectReason | undefined {
  const length = to - from;
  if (length === 0) return 'empty';
  if (length > NAME_BYTES_MAX) return 'name';
  if (bytes[from] !== DOT || length > 2) return undefined;
  return length === 1 || bytes[from + 1] === DOT ? 'dots' : undefined;
}

function isReserved(bytes: Buffer, at: number, end: number): boolean {
  const after = at + RESERVED.length;
  if (after > end || bytes.compare(RESERVED, 0, RESERVED.length, at, after) !== 0) return false;
  return after === end || bytes[after] === SLASH;
}
