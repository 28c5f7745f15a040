/**
 * The table of allowed values in requests, from both sides. For every field of every kind of
 * request, frame by frame and object by object: the ends of its range pass, values beyond do not,
 * and the words are the same.
 */
import { Builder, ByteBuffer } from 'flatbuffers';
import { describe, expect, test } from 'vitest';
import { checkBody, checkCallId } from '../../src/wire/body-check.js';
import { fieldChecks, type TableName } from '../../src/wire/field-checks.js';
import { Request, RequestBody } from '../../src/wire/generated/index.js';
import { requestMembers } from '../../src/wire/generated/request-fields.js';
import { checkRequest } from '../../src/wire/request-check.js';
import { Verdict, verifyRequest } from '../../src/wire/verify.js';
import { Extremes, memberNames } from './extremes.js';
import { Random } from './mutate.js';
import { encodeRequest, requestBodies } from './samples.js';

const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 2 ** 31);

test('what every sample holds is allowed, as a frame and as an object', () => {
  for (const [name, body] of requestBodies) {
    expect(checkRequest(encodeRequest(1, name, body)), name).toBeUndefined();
    expect(checkBody(RequestBody[name], body!), name).toBeUndefined();
  }
});

test(`A1: frames and objects are judged alike, whatever they hold (seed ${seed})`, () => {
  const extremes = new Extremes(new Random(seed));
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const name = memberNames[i % memberNames.length]!;
    const frame = extremes.frame(name, i + 1);
    if (verifyRequest(frame) !== Verdict.VALID) throw new Error(`${name} is not well-formed`);
    const said = checkRequest(frame);
    if (said !== undefined) refused++;
    // Invalid UTF-8 becomes U+FFFD in an object, and a byte order mark at the start is dropped.
    if (/UTF-8|byte order mark/.test(said?.message ?? '')) continue;
    const body = Request.getRootAsRequest(new ByteBuffer(frame)).unpack().body;
    expect(checkBody(requestMembers[name], body!)?.message, name).toBe(said?.message);
  }
  expect(refused).toBeGreaterThan(500);
});

describe('A1: the ends of each number', () => {
  const numbers = memberNames.flatMap((name) =>
    fieldChecks[name as TableName].flatMap((check) =>
      check.kind === 'number' ? [[name, check.field, check.rule] as const] : [],
    ),
  );
  test.each(numbers)('%s.%s', (name, field, { min, max }) => {
    const check = (value: number): string | undefined =>
      checkBody(requestMembers[name], { [field]: value })?.message;
    expect(check(min)).toBeUndefined();
    expect(check(max)).toBeUndefined();
    for (const value of [min - 1, max + 1, Number.NaN, 1.5, Number.POSITIVE_INFINITY]) {
      expect(check(value), String(value)).toContain(`"${field}" of ${name} is ${value}`);
    }
  });
});

test('A1: owners and groups have no control characters and no separators', () => {
  const check = (owner: string) => checkBody(RequestBody.SetAttribute, { owner })?.message;
  expect(check('naïve user@REALM')).toBeUndefined();
  expect(check('')).toContain('is empty');
  expect(check('a\nb')).toContain('control character');
  for (const owner of ['a/b', 'a:b', 'a,b']) expect(check(owner)).toContain('contains "');
  expect(check('\ud800')).toContain('UTF-8');
  expect(check('\ufeffroot')).toContain('byte order mark');
  expect(check('a'.repeat(256))).toContain('256 bytes');
});

test('A1: an extended attribute has a name', () => {
  const xattrs = [{ name: '', value: new Uint8Array(1) }];
  expect(checkBody(RequestBody.SetAttribute, { xattrs })?.message).toContain('is empty');
});

test('A1: a call number that no number holds is refused by the client', () => {
  expect(checkCallId(2 ** 53)?.hint).toBe('Give a whole number from 0 to 9007199254740991.');
  expect(checkCallId(2 ** 53 - 1)).toBeUndefined();
});

test('B1: 64 bits that no number holds are refused, and not rounded', () => {
  const builder = new Builder(64);
  const path = builder.createString('/f');
  builder.startObject(4);
  builder.addFieldOffset(0, path, 0);
  builder.prep(8, 0);
  builder.writeInt32(-1);
  builder.writeInt32(-1);
  builder.slot(2);
  const body = builder.endObject();
  builder.finish(Request.createRequest(builder, 1, 0, RequestBody.CompleteFile, body, 0));
  const refusal = checkRequest(builder.asUint8Array());
  expect(refusal?.message).toContain('"fingerprint" of CompleteFile is 18446744073709552000');
});
