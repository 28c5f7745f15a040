/**
 * cleanPath: from the bytes of a path to a walk that can begin. Nearly every path is clean
 * already, so the first pass copies sixteen bytes a step into the walk, finds the slashes by bit
 * mask and notes the components; the moment it sees anything that needs work or refusal it hands
 * the input to the second pass, which goes byte by byte and names the fault.
 *
 *   "/a/bc"  →  PATH "/a/bc", COMPONENTS [0|0, 1|1<<16, 3|2<<16], DEPTH 2
 *
 * Faults, the first that applies: the input is longer than PATH_INPUT_BYTES_MAX, is not absolute,
 * has a NUL byte, is not UTF-8; then, component by component from the left, a name, the path so
 * far or its depth is beyond its limit. So a path that climbs back by '..' may not pass a limit on
 * the way. Anything else may stand in a name. The input must not overlap the walk.
 */
import {
  NAME_BYTES_MAX,
  PATH_BYTES_MAX,
  PATH_DEPTH_MAX,
  PATH_INPUT_BYTES_MAX,
  PATH_NAME_TOO_LONG,
  PATH_NOT_ABSOLUTE,
  PATH_NOT_UTF8,
  PATH_NUL_BYTE,
  PATH_TOO_DEEP,
  PATH_TOO_LONG,
  WALK_COMPONENTS,
  WALK_DEPTH,
  WALK_NEXT,
  WALK_PATH,
  WALK_PATH_BYTES,
  WALK_RETRIES,
} from './generated/layout';
import { isUtf8 } from './utf8';

const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;

export function cleanPath(path: usize, bytes: u32, walk: usize): i32 {
  if (bytes > PATH_INPUT_BYTES_MAX) return PATH_TOO_LONG;
  if (bytes == 0 || load<u8>(path) != SLASH) return PATH_NOT_ABSOLUTE;
  store<u32>(walk, 0, WALK_COMPONENTS);
  const depth = bytes <= PATH_BYTES_MAX ? copyClean(path, bytes, walk) : -1;
  return depth >= 0 ? begin(walk, bytes, depth) : rebuild(path, bytes, walk);
}

// @ts-ignore: decorator
@inline
function begin(walk: usize, pathBytes: u32, depth: i32): i32 {
  store<u32>(walk, pathBytes, WALK_PATH_BYTES);
  store<u32>(walk, depth, WALK_DEPTH);
  store<u32>(walk, 0, WALK_NEXT);
  store<u32>(walk, 0, WALK_RETRIES);
  return depth;
}

// @ts-ignore: decorator
@inline
function setComponent(walk: usize, index: u32, offset: u32, bytes: u32): void {
  store<u32>(walk + (index << 2), offset | (bytes << 16), WALK_COMPONENTS);
}

/** First pass: the depth, or -1 if the path is not clean. Writes PATH, COMPONENTS. */
function copyClean(path: usize, bytes: u32, walk: usize): i32 {
  const target = walk + WALK_PATH;
  const slashes = i8x16.splat(SLASH);
  let foreign: v128 = i8x16.splat(0);
  let depth: u32 = 0;
  let start: u32 = 1;
  let at: u32 = 0;
  while (at < bytes) {
    const left = bytes - at;
    let chunk: v128;
    let mask: u32;
    if (left >= 16) {
      chunk = v128.load(path + at);
      v128.store(target + at, chunk);
      mask = i8x16.bitmask(i8x16.eq(chunk, slashes));
    } else {
      // The rest: copied first, then read where the bytes after it are ours. They are masked out.
      copyTail(path, target, at, bytes);
      v128.store(target + bytes, i8x16.splat(DOT));
      chunk = v128.load(target + at);
      mask = i8x16.bitmask(i8x16.eq(chunk, slashes)) & ((1 << left) - 1);
    }
    // Bit 7 of a byte: beyond ASCII, or NUL, whose predecessor wraps around to 0xff.
    foreign = v128.or(foreign, v128.or(chunk, i8x16.sub(chunk, i8x16.splat(1))));
    if (at == 0) mask &= ~1;
    while (mask != 0) {
      const end = at + u32(ctz(mask));
      mask &= mask - 1;
      if (!isPlain(target, start, end) || depth == PATH_DEPTH_MAX) return -1;
      setComponent(walk, ++depth, start, end - start);
      start = end + 1;
    }
    at += 16;
  }
  if (i8x16.bitmask(foreign) != 0 && faultOfText(path, bytes) != 0) return -1;
  if (bytes == 1) return 0;
  if (!isPlain(target, start, bytes) || depth == PATH_DEPTH_MAX) return -1;
  setComponent(walk, ++depth, start, bytes - start);
  return depth;
}

/** Copies the last bytes, fewer than 16, and reads nothing outside the path. */
// @ts-ignore: decorator
@inline
function copyTail(path: usize, target: usize, at: u32, bytes: u32): void {
  if (bytes >= 16) {
    v128.store(target + bytes - 16, v128.load(path + bytes - 16));
    return;
  }
  for (let i = at; i < bytes; i++) store<u8>(target + i, load<u8>(path + i));
}

/** True for a name that is not empty, '.', '..' or too long. */
// @ts-ignore: decorator
@inline
function isPlain(target: usize, start: u32, end: u32): bool {
  const length = end - start;
  if (length - 1 >= NAME_BYTES_MAX) return false;
  return length > 2 || !isDots(target + start, length);
}

// @ts-ignore: decorator
@inline
function isDots(name: usize, length: u32): bool {
  return load<u8>(name) == DOT && (length == 1 || load<u8>(name, 1) == DOT);
}

/** 0, or the fault of the bytes as a whole. */
function faultOfText(path: usize, bytes: u32): i32 {
  for (let i: u32 = 0; i < bytes; i++) if (load<u8>(path + i) == 0) return PATH_NUL_BYTE;
  return isUtf8(path, bytes) ? 0 : PATH_NOT_UTF8;
}

/** Second pass: a depth or a fault. */
function rebuild(path: usize, bytes: u32, walk: usize): i32 {
  const fault = faultOfText(path, bytes);
  if (fault != 0) return fault;
  const target = walk + WALK_PATH;
  let used: u32 = 0;
  let depth: u32 = 0;
  let at: u32 = 0;
  while (at < bytes) {
    const start = at + 1;
    let end = start;
    while (end < bytes && load<u8>(path + end) != SLASH) end++;
    const length = end - start;
    at = end;
    if (length == 0) continue;
    if (length <= 2 && isDots(path + start, length)) {
      if (length == 2 && depth > 0) {
        used = load<u16>(walk + (depth << 2), WALK_COMPONENTS) - 1;
        depth--;
      }
      continue;
    }
    if (length > NAME_BYTES_MAX) return PATH_NAME_TOO_LONG;
    if (used + 1 + length > PATH_BYTES_MAX) return PATH_TOO_LONG;
    if (depth == PATH_DEPTH_MAX) return PATH_TOO_DEEP;
    store<u8>(target + used, SLASH);
    memory.copy(target + used + 1, path + start, length);
    setComponent(walk, ++depth, used + 1, length);
    used += 1 + length;
  }
  if (depth > 0) return begin(walk, used, depth);
  store<u8>(target, SLASH);
  return begin(walk, 1, 0);
}
