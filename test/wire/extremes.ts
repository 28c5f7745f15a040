/**
 * Requests of every kind with fields set to extremes, drawn from the reflection of the schema, so
 * that a new field is covered by itself: the ends of each type and of each rule, what is one beyond
 * them, texts of every length that matters and with characters that some reader may trip over.
 * They are frames as a foreign client could send them: 64 bits are written as they are, so that
 * also what this project's own builder could not say is said.
 */
import { Builder, type Offset } from 'flatbuffers';
import { type FieldChecks, fieldChecks, type TableName } from '../../src/wire/field-checks.js';
import { requestFields, requestMembers } from '../../src/wire/generated/request-fields.js';
import type { Random } from './mutate.js';

type Field = { readonly slot: number; readonly type: string; readonly of?: TableName };
type MemberName = keyof typeof requestMembers;

export const memberNames = Object.keys(requestMembers) as MemberName[];

const BITS: Readonly<Record<string, number>> = {
  bool: 8,
  enum: 8,
  ubyte: 8,
  short: 16,
  ushort: 16,
  int: 32,
  uint: 32,
  long: 64,
  ulong: 64,
};

export const fieldsOf = (table: TableName): readonly (readonly [string, Field])[] =>
  Object.entries(requestFields[table] as Readonly<Record<string, Field>>);

const ruleOf = (table: TableName, name: string): FieldChecks | undefined =>
  fieldChecks[table].find(({ field }) => field === name);

/** Values of a scalar field, as bits. */
function scalars(table: TableName, name: string, field: Field): bigint[] {
  const bits = BITS[field.type]!;
  const mask = (1n << BigInt(bits)) - 1n;
  const top = 1n << BigInt(bits - 1);
  const values = [0n, 1n, 2n, mask, mask - 1n, top, top - 1n];
  if (bits === 64)
    values.push(2n ** 53n, 2n ** 53n - 1n, 2n ** 52n, -(2n ** 53n), 864n * 10n ** 13n);
  const check = ruleOf(table, name);
  if (check?.kind === 'number') {
    const { min, max } = check.rule;
    values.push(...[min, max].flatMap((end) => [BigInt(end), BigInt(end) - 1n, BigInt(end) + 1n]));
  }
  return values.map((value) => value & mask);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const longest = (bytes: number, with_ = 0x61): Uint8Array => new Uint8Array(bytes).fill(with_);

function texts(table: TableName, name: string): Uint8Array[] {
  const check = ruleOf(table, name);
  const rule = check?.kind === 'text' ? check.rule : check?.kind === 'texts' && check.rule.each;
  const max = rule && Number.isFinite(rule.bytesMax) ? rule.bytesMax : 4096;
  const odd = [
    '',
    '/',
    '//',
    '/a//d//',
    '/..',
    '.',
    '..',
    'a/b\nc',
    '\0',
    '/a\0b',
    '*',
    '%2f',
    '-1',
  ];
  const wide = ['ü', '名', '\u{1f333}', '\ufeff', '\u0301', '__proto__', 'constructor', '"', '\\'];
  return [
    ...[...odd, ...wide].map(utf8),
    longest(max),
    longest(max + 1),
    longest(4095),
    longest(4096, 0x2f),
    longest(70_000),
    Uint8Array.of(0xff, 0xfe),
    Uint8Array.of(0xc0, 0x80),
    Uint8Array.of(0xed, 0xa0, 0x80),
    Uint8Array.of(0x2f, 0xff),
    utf8(`/${'d/'.repeat(300)}`),
    utf8('/a/b'),
    utf8('file:///nowhere'),
  ];
}

export class Extremes {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A frame of this kind; `call` and every field may be extreme. */
  frame(name: MemberName, call: number, extremeEnvelope = false): Uint8Array {
    const builder = new Builder(1024);
    const body = this.#table(builder, name);
    const fields = Object.keys(requestFields.Request).length;
    const callBits = this.#envelope('call', BigInt(call), extremeEnvelope);
    const deadline = this.#envelope('deadlineMs', 0n, extremeEnvelope);
    const session = this.#envelope('session', 0n, extremeEnvelope);
    builder.startObject(fields);
    addScalar(builder, 0, 64, callBits);
    addScalar(builder, 1, 32, deadline);
    addScalar(builder, 2, 8, BigInt(requestMembers[name]));
    builder.addFieldOffset(3, body, 0);
    addScalar(builder, 4, 32, session);
    builder.finish(builder.endObject());
    return builder.asUint8Array().slice();
  }

  /** Of a table every field that this picks; each value comes from its extremes, or is usual. */
  #table(builder: Builder, table: TableName): Offset {
    const fields = fieldsOf(table);
    const offsets = fields.map(([name, field]) =>
      field.type in BITS ? 0 : this.#offset(builder, table, name, field),
    );
    builder.startObject(fields.length);
    for (const [i, [name, field]] of fields.entries()) {
      const bits = BITS[field.type];
      if (bits === undefined) builder.addFieldOffset(i, offsets[i]!, 0);
      // Absent now and then: the default.
      else if (!this.#oneIn(4)) addScalar(builder, i, bits, this.#scalar(table, name, field));
    }
    return builder.endObject();
  }

  #envelope(name: 'call' | 'deadlineMs' | 'session', usual: bigint, extreme: boolean): bigint {
    const field = requestFields.Request[name];
    return extreme && this.#oneIn(2) ? this.#pick(scalars('Request', name, field)) : usual;
  }

  #scalar(table: TableName, name: string, field: Field): bigint {
    const check = ruleOf(table, name);
    // Half of them in order, or no request would come past its first field.
    if (check?.kind === 'enum' && !this.#oneIn(8)) return BigInt(this.#pick([...check.values]));
    if (check?.kind === 'number' && !this.#oneIn(4)) {
      const { min, max } = check.rule;
      const mask = (1n << BigInt(BITS[field.type]!)) - 1n;
      return BigInt(this.#pick([min, max, Math.max(min, 0), Math.min(max, 1)])) & mask;
    }
    return this.#pick(scalars(table, name, field));
  }

  #offset(builder: Builder, table: TableName, name: string, field: Field): Offset {
    switch (field.type) {
      case 'string':
        return builder.createString(this.#text(table, name));
      case 'bytes':
        return builder.createByteVector(this.#text(table, name));
      case 'strings': {
        const rows = this.#count(table, name, 4);
        return offsets(builder, rows, () => builder.createString(this.#text(table, name)));
      }
      case 'tables': {
        const rows = this.#count(table, name, field.of === 'CreateFile' ? 3 : 2);
        return offsets(builder, rows, () => this.#table(builder, field.of!));
      }
      default:
        throw new Error(`nothing is drawn for the type ${field.type}`);
    }
  }

  #text(table: TableName, name: string): Uint8Array {
    const usual = ['/a', '/a/b', '/', '/a/b/c', 'ann', '/new'];
    if (!this.#oneIn(3)) return utf8(this.#pick(usual));
    return this.#pick(texts(table, name));
  }

  #count(table: TableName, name: string, usual: number): number {
    const check = ruleOf(table, name);
    const max = check?.kind === 'texts' || check?.kind === 'tables' ? check.rule.countMax : 0;
    return this.#oneIn(30) ? max + 1 : this.#random.below(usual);
  }

  #oneIn(n: number): boolean {
    return this.#random.below(n) === 0;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random.below(values.length)]!;
  }
}

function offsets(builder: Builder, count: number, make: () => Offset): Offset {
  const rows = Array.from({ length: count }, make);
  builder.startVector(4, count, 4);
  for (const row of rows.reverse()) builder.addOffset(row);
  return builder.endVector();
}

function addScalar(builder: Builder, field: number, bits: number, value: bigint): void {
  const low = Number(value & 0xffff_ffffn) | 0;
  builder.prep(bits / 8, 0);
  if (bits === 8) builder.writeInt8(low);
  else if (bits === 16) builder.writeInt16(low);
  else {
    if (bits === 64) builder.writeInt32(Number(value >> 32n) | 0);
    builder.writeInt32(low);
  }
  builder.slot(field);
}
