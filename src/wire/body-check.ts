/**
 * Checks a request before it is sent, in its object form, with the same table and the same words as
 * the master (request-check.ts). So values that the wire cannot carry are refused instead of
 * changed: a NaN would arrive as 0, 1.5 as 1, 70,000 in sixteen bits as 4,464, and half of a
 * surrogate pair as U+FFFD.
 */
import type { StatusError } from '../base/status.js';
import { type FieldChecks, fieldChecks, type TableName } from './field-checks.js';
import {
  bytesFault,
  countFault,
  enumFault,
  noText,
  notUtf8,
  numberFault,
  refusalOf,
  textFault,
} from './field-faults.js';
import type { TextRule } from './field-rules.js';
import { requestMembers } from './generated/request-fields.js';

/** UTF-8 takes at most this many bytes for one unit of a JavaScript string. */
const UNIT_BYTES_MAX = 3;
const encoder = new TextEncoder();

const names = new Map<number, TableName>(
  Object.entries(requestMembers).map(([name, number]) => [number, name as TableName]),
);

/** Undefined: the request may be sent. `type`: number of the union. */
export function checkBody(type: number, body: object): StatusError | undefined {
  const name = names.get(type);
  return name === undefined ? undefined : checkObject(body, name, name);
}

/** Undefined: the number of the call is allowed. */
export const checkCallId = (call: number): StatusError | undefined =>
  checkObject({ call }, 'Request', 'Request');

function checkObject(object: object, request: string, table: TableName): StatusError | undefined {
  for (const check of fieldChecks[table]) {
    const value = (object as Record<string, unknown>)[check.field];
    if (value === undefined || value === null) continue;
    const refusal = checkValue(value, request, check);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function checkValue(value: unknown, request: string, check: FieldChecks): StatusError | undefined {
  const { field } = check;
  switch (check.kind) {
    case 'number':
      return refusalOf(request, field, numberFault(check.rule, value));
    case 'enum':
      return refusalOf(request, field, enumFault(check.values, value));
    case 'text':
      return checkText(value, request, field, check.rule);
    case 'bytes':
      return refusalOf(request, field, bytesFault(check.rule, (value as Uint8Array).length));
    default:
      return checkList(value as readonly unknown[], request, check);
  }
}

function checkList(
  values: readonly unknown[],
  request: string,
  check: Extract<FieldChecks, { kind: 'texts' | 'tables' }>,
): StatusError | undefined {
  const { field, rule } = check;
  const tooMany = refusalOf(request, field, countFault(rule, values.length));
  if (tooMany !== undefined) return tooMany;
  for (const value of values) {
    const refusal =
      check.kind === 'tables'
        ? checkObject(value as object, request, check.of)
        : checkText(value, request, field, check.rule.each);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function checkText(
  value: unknown,
  request: string,
  field: string,
  rule: TextRule,
): StatusError | undefined {
  if (typeof value !== 'string') return refusalOf(request, field, noText(rule, value));
  if (!value.isWellFormed()) return refusalOf(request, field, notUtf8(rule));
  // Most texts are short paths; they need no encoding to be measured.
  const { bytesMin, bytesMax, characters } = rule;
  const fits = value.length >= bytesMin && value.length * UNIT_BYTES_MAX <= bytesMax;
  if (characters === 'unread' || (fits && characters === 'any' && !value.includes('\0'))) {
    return undefined;
  }
  const bytes = encoder.encode(value);
  return refusalOf(request, field, textFault(rule, bytes, 0, bytes.length));
}
