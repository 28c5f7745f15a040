/**
 * 64-bit little-endian fields as numbers. Every u64 and i64 of the formats is below 2^53 in
 * magnitude (ids, seqs, lengths, times), so two 32-bit halves do it and no BigInt is allocated.
 * Pure.
 */
import { assert } from './assert.js';

const HALF = 4_294_967_296;
/** Bits of the upper half that a number below 2^53 may use. */
const HIGH_MAX = 0x1f_ffff;

/** Writes a whole number of magnitude below 2^53, as u64 or, when negative, as i64. */
export function writeWord64(view: DataView, offset: number, value: number): void {
  assert(Number.isSafeInteger(value), 'a 64-bit field holds a whole number below 2^53');
  view.setUint32(offset, value >>> 0, true);
  view.setInt32(offset + 4, Math.floor(value / HALF), true);
}

/** Reads a u64 that is below 2^53; NaN if it is not: the caller decides what that means. */
export function readU64(view: DataView, offset: number): number {
  const high = view.getUint32(offset + 4, true);
  return high > HIGH_MAX ? Number.NaN : high * HALF + view.getUint32(offset, true);
}

/** Reads an i64 of magnitude below 2^53; NaN if it is not. */
export function readI64(view: DataView, offset: number): number {
  const value = view.getInt32(offset + 4, true) * HALF + view.getUint32(offset, true);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
