/**
 * The messages for values that field-rules.ts does not allow. Master and client use the same words.
 * Pure.
 */
import { Code, StatusError } from '../base/status.js';
import type { BytesRule, Characters, ListRule, NumberRule, TextRule } from './field-rules.js';

/** What is wrong, as the end of a sentence, and what to do. */
export type Fault = { readonly what: string; readonly hint: string };

/** `field` as the client's options name it. */
export function refusalOf(
  request: string,
  field: string,
  fault: Fault | undefined,
): StatusError | undefined {
  if (fault === undefined) return undefined;
  const reason = `The "${field}" of ${request} ${fault.what}.`;
  return new StatusError(Code.INVALID_ARGUMENT, reason, { hint: fault.hint });
}

/** A value that is not a whole number is never allowed. */
export function numberFault({ min, max }: NumberRule, value: unknown): Fault | undefined {
  if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) return undefined;
  const hint = `Give a whole number from ${min} to ${max}.`;
  if (!Number.isInteger(value)) return { what: `is ${String(value)}, no whole number`, hint };
  return { what: `is ${String(value)}, which is not from ${min} to ${max}`, hint };
}

const NUL = 0;
const SPACE = 0x20;
const DELETE = 0x7f;
/** , / : separate names in headers, in paths and on the command line. */
const SEPARATORS: readonly number[] = [0x2c, 0x2f, 0x3a];
/** After the last separator; every rule allows the characters from here on. */
const LETTERS_BEGIN = 0x3b;
const ASCII_END = 0x80;
const BYTE_ORDER_MARK: readonly number[] = [0xef, 0xbb, 0xbf];

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Checks the text at `start` … `start + length`. */
export function textFault(
  rule: TextRule,
  bytes: Uint8Array,
  start: number,
  length: number,
): Fault | undefined {
  const { bytesMin, bytesMax, characters } = rule;
  if (length < bytesMin) return badText(rule, 'is empty');
  if (length > bytesMax) return badText(rule, `has ${length} bytes, more than ${bytesMax}`);
  if (characters === 'unread') return undefined;
  // Decoders drop a leading byte order mark, so the checked text and the used text would differ.
  if (characters !== 'any' && BYTE_ORDER_MARK.every((byte, i) => bytes[start + i] === byte)) {
    return badText(rule, 'begins with a byte order mark');
  }
  let isAscii = true;
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at]!;
    if (byte >= ASCII_END) isAscii = false;
    else if (byte < LETTERS_BEGIN || byte === DELETE) {
      const what = characterFault(characters, byte);
      if (what !== undefined) return badText(rule, what);
    }
  }
  return isAscii || isUtf8(bytes.subarray(start, start + length)) ? undefined : notUtf8(rule);
}

export const notUtf8 = (rule: TextRule): Fault => badText(rule, 'is not valid UTF-8');

export const noText = (rule: TextRule, value: unknown): Fault =>
  badText(rule, `is of type ${typeof value}, no text`);

export function bytesFault({ bytesMax }: BytesRule, length: number): Fault | undefined {
  if (length <= bytesMax) return undefined;
  const hint = `Give at most ${bytesMax} bytes.`;
  return { what: `has ${length} bytes, more than ${bytesMax}`, hint };
}

export function countFault({ countMax }: ListRule, count: number): Fault | undefined {
  if (count <= countMax) return undefined;
  const hint = `Give at most ${countMax} in one call, and the others in further calls.`;
  return { what: `has ${count} elements, more than ${countMax}`, hint };
}

export function enumFault(values: readonly number[], value: unknown): Fault | undefined {
  if (values.includes(value as number)) return undefined;
  const hint = 'Use a client of the same version as the master.';
  return { what: `is ${String(value)}, which is not known here`, hint };
}

function characterFault(characters: Characters, byte: number): string | undefined {
  if (byte === NUL) return 'contains a NUL byte';
  if (characters === 'any') return undefined;
  if (byte < SPACE || byte === DELETE) return 'contains a control character';
  if (characters !== 'principal' || !SEPARATORS.includes(byte)) return undefined;
  return `contains "${String.fromCharCode(byte)}"`;
}

function badText({ bytesMin, bytesMax, characters }: TextRule, what: string): Fault {
  const without = {
    any: 'NUL bytes',
    unread: 'NUL bytes',
    line: 'control characters',
    principal: 'control characters and without , / :',
  };
  const range = `${bytesMin} to ${bytesMax} bytes of UTF-8`;
  return { what, hint: `Give ${range}, without ${without[characters]}.` };
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    // The decoder throws a TypeError for invalid bytes.
    return false;
  }
}
