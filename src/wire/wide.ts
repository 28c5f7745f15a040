/**
 * 64-bit fields as numbers: every id, time, length and seq on this wire is below 2^53, and a
 * bigint would be an allocation a field. The generated code (generated/) calls these.
 *
 *   value = high × 2^32 + low, low unsigned; high signed for `long`, unsigned for `ulong`
 */
import type { Builder, ByteBuffer } from 'flatbuffers';

const TWO_32 = 2 ** 32;

export function readUint64(bb: ByteBuffer, at: number): number {
  return bb.readUint32(at + 4) * TWO_32 + bb.readUint32(at);
}

export function readInt64(bb: ByteBuffer, at: number): number {
  return bb.readInt32(at + 4) * TWO_32 + bb.readUint32(at);
}

/** Below two's complement the same bits serve both signs. */
export function writeWide(builder: Builder, value: number): void {
  builder.writeInt32(Math.floor(value / TWO_32));
  builder.writeInt32(value | 0);
}

export function addFieldWide(
  builder: Builder,
  field: number,
  value: number,
  defaultValue: number | null,
): void {
  if (value === defaultValue) return;
  builder.prep(8, 0);
  writeWide(builder, value);
  builder.slot(field);
}

/** Any 64 bits, even those beyond the numbers of JavaScript. */
export function addFieldWords(builder: Builder, field: number, high: number, low: number): void {
  builder.prep(8, 0);
  builder.writeInt32(high);
  builder.writeInt32(low);
  builder.slot(field);
}
