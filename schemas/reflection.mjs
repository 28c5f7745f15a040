/**
 * Reads flatc's binary schema (.bfbs), which is itself a FlatBuffer: the vtable slots below are
 * those of reflection.fbs in the FlatBuffers distribution.
 */
import { ByteBuffer } from 'flatbuffers';

export const BaseType = { UTYPE: 1, STRING: 13, VECTOR: 14, OBJ: 15, UNION: 16 };

/** Bytes of each scalar base type, by its number (1 UType … 12 Double). */
export const scalarBytes = [0, 1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8];

export function readReflection(bytes) {
  const bb = new ByteBuffer(bytes);
  const schema = bb.readInt32(0);
  const short = (name) => name.replace(/^orchard\./, '');

  const field = (at, slot) => bb.__offset(at, 4 + 2 * slot);
  const string = (at, slot) => bb.__string(at + field(at, slot));
  const table = (at, slot) => (field(at, slot) ? bb.__indirect(at + field(at, slot)) : 0);
  const uint16 = (at, slot) => (field(at, slot) ? bb.readUint16(at + field(at, slot)) : 0);
  const int32 = (at, slot, or) => (field(at, slot) ? bb.readInt32(at + field(at, slot)) : or);
  const byte = (at, slot) => (field(at, slot) ? bb.readUint8(at + field(at, slot)) : 0);
  const tables = (at, slot, read) => {
    const offset = field(at, slot);
    if (!offset) return [];
    const start = bb.__vector(at + offset);
    const count = bb.__vector_len(at + offset);
    return Array.from({ length: count }, (_, i) => read(bb.__indirect(start + 4 * i)));
  };

  const readType = (at) => ({ base: byte(at, 0), element: byte(at, 1), index: int32(at, 2, -1) });
  const readField = (at) => ({
    name: string(at, 0),
    type: readType(table(at, 1)),
    id: uint16(at, 2),
    offset: uint16(at, 3),
    absent: field(at, 4) ? Number(bb.readInt64(at + field(at, 4))) : 0,
    required: byte(at, 7) === 1,
    optional: byte(at, 11) === 1,
  });
  const readObject = (at) => ({
    name: short(string(at, 0)),
    fields: tables(at, 1, readField).sort((a, b) => a.id - b.id),
    isStruct: byte(at, 2) === 1,
    bytes: int32(at, 4, 0),
  });
  const readValue = (at) => ({
    name: short(string(at, 0)),
    value: field(at, 1) ? Number(bb.readInt64(at + field(at, 1))) : 0,
    index: table(at, 3) ? readType(table(at, 3)).index : -1,
  });
  const readEnum = (at) => ({
    name: short(string(at, 0)),
    values: tables(at, 1, readValue),
    isUnion: byte(at, 2) === 1,
  });
  return { objects: tables(schema, 0, readObject), enums: tables(schema, 1, readEnum) };
}
