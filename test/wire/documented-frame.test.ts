/** The frame in hex of docs/PROTOCOL.md is the request that it claims to be. */
import { readFileSync } from 'node:fs';
import { ByteBuffer } from 'flatbuffers';
import { expect, test } from 'vitest';
import { GetStatus, Request, RequestBody } from '../../src/wire/generated/index.js';
import { Verdict, verifyRequest } from '../../src/wire/verify.js';

test('the frame in hex is GetStatus of /a, call 7', () => {
  const text = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^ ?(\d+) {2}((?:[0-9a-f]{2} )+) *\S/gm)];
  const bytes = rows.flatMap(([, at, hex = '']) => {
    const row = hex
      .trim()
      .split(' ')
      .map((byte) => Number.parseInt(byte, 16));
    return row.map((byte, index) => [Number(at) + index, byte] as const);
  });
  expect(bytes.map(([at]) => at)).toEqual(Array.from({ length: 64 }, (_, index) => index));
  const frame = Uint8Array.from(bytes.map(([, byte]) => byte));
  expect(verifyRequest(frame)).toBe(Verdict.VALID);
  const request = Request.getRootAsRequest(new ByteBuffer(frame));
  expect([request.call(), request.bodyType()]).toEqual([7, RequestBody.GetStatus]);
  expect((request.body(new GetStatus()) as GetStatus).path()).toBe('/a');
});
