/**
 * Checks a request frame with the table of field-rules.ts. Only for frames that verifyRequest()
 * found valid: offsets are not compared with the frame's end again. Allocates nothing for a valid
 * request, unless it has texts beyond ASCII.
 */
import { assert } from '../base/assert.js';
import type { StatusError } from '../base/status.js';
import { type FieldChecks, fieldChecks, type TableName } from './field-checks.js';
import {
  bytesFault,
  countFault,
  enumFault,
  numberFault,
  refusalOf,
  textFault,
} from './field-faults.js';
import { requestMembers } from './generated/request-fields.js';

const TWO_32 = 2 ** 32;
const CALL = 4;
const BODY_TYPE = 8;
const BODY = 10;

const memberNames: (TableName | undefined)[] = [];
for (const [name, number] of Object.entries(requestMembers)) {
  memberNames[number] = name as TableName;
}

let frame: Uint8Array = new Uint8Array(0);
let view: DataView = new DataView(frame.buffer);

/** Undefined: all fields have allowed values. */
export function checkRequest(bytes: Uint8Array): StatusError | undefined {
  frame = bytes;
  view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const request = u32(0);
  const typeAt = fieldAt(request, BODY_TYPE);
  const name = memberNames[typeAt === 0 ? 0 : bytes[typeAt]!];
  assert(name !== undefined, 'the verifier lets known requests through only');
  const refusal = checkTable(request, name, 'Request');
  const body = fieldAt(request, BODY);
  return refusal ?? checkTable(body + u32(body), name, name);
}

/** The eight bytes of the call's number as two words, the upper one first, whatever its size. */
export function callWordsOf(bytes: Uint8Array): readonly [high: number, low: number] {
  frame = bytes;
  view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = fieldAt(u32(0), CALL);
  return at === 0 ? [0, 0] : [u32(at + 4), u32(at)];
}

function checkTable(at: number, request: string, table: TableName): StatusError | undefined {
  for (const check of fieldChecks[table]) {
    const field = fieldAt(at, check.slot);
    const refusal = field === 0 ? checkAbsent(request, check) : checkField(field, request, check);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** A number that is absent is one nevertheless. */
function checkAbsent(request: string, check: FieldChecks): StatusError | undefined {
  if (check.kind !== 'number' || check.absent === undefined) return undefined;
  return refusalOf(request, check.field, numberFault(check.rule, check.absent));
}

function checkField(at: number, request: string, check: FieldChecks): StatusError | undefined {
  const { field } = check;
  switch (check.kind) {
    case 'number':
      return refusalOf(request, field, numberFault(check.rule, readNumber(at, check.type)));
    case 'enum':
      return refusalOf(request, field, enumFault(check.values, frame[at]!));
    case 'text': {
      const text = at + u32(at);
      return refusalOf(request, field, textFault(check.rule, frame, text + 4, u32(text)));
    }
    case 'bytes':
      return refusalOf(request, field, bytesFault(check.rule, u32(at + u32(at))));
    default:
      return checkList(at + u32(at), request, check);
  }
}

function checkList(
  vector: number,
  request: string,
  check: Extract<FieldChecks, { kind: 'texts' | 'tables' }>,
): StatusError | undefined {
  const { field, rule } = check;
  const count = u32(vector);
  const tooMany = refusalOf(request, field, countFault(rule, count));
  if (tooMany !== undefined) return tooMany;
  for (let element = vector + 4; element < vector + 4 + count * 4; element += 4) {
    const target = element + u32(element);
    const refusal =
      check.kind === 'tables'
        ? checkTable(target, request, check.of)
        : refusalOf(request, field, textFault(check.rule.each, frame, target + 4, u32(target)));
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function readNumber(at: number, type: string): number {
  switch (type) {
    case 'ubyte':
      return frame[at]!;
    case 'short':
      return view.getInt16(at, true);
    case 'ushort':
      return view.getUint16(at, true);
    case 'int':
      return view.getInt32(at, true);
    case 'uint':
      return u32(at);
    case 'long':
      return view.getInt32(at + 4, true) * TWO_32 + u32(at);
    default:
      assert(type === 'ulong', `numbers of the kind ${type} can be read`);
      return u32(at + 4) * TWO_32 + u32(at);
  }
}

/** Where the field of a table stands; 0: it is absent. */
function fieldAt(table: number, slot: number): number {
  const vtable = table - view.getInt32(table, true);
  if (slot >= view.getUint16(vtable, true)) return 0;
  const offset = view.getUint16(vtable + slot, true);
  return offset === 0 ? 0 : table + offset;
}

const u32 = (at: number): number => view.getUint32(at, true);
