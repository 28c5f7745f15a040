/**
 * The messages: each survives a round trip, generated code is fresh, the struct Inode is the record
 * header, the operation table matches the union, and the cursor reads what the accessors read.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Builder, ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../../src/base/status.js';
import { ReplyEncoder, writeInode } from '../../src/wire/encode.js';
import * as wire from '../../src/wire/generated/index.js';
import { operationOf, operations } from '../../src/wire/operations.js';
import { RequestCursor } from '../../src/wire/request-cursor.js';
import { Verdict, verifyReply, verifyRequest } from '../../src/wire/verify.js';
import { encodeReply, encodeRequest, fileInfo, replyBodies, requestBodies } from './samples.js';

const generated = join(import.meta.dirname, '../../src/wire/generated');

describe('generated code', () => {
  it('is what the schemas say', async () => {
    const gen = (await import(join(import.meta.dirname, '../../schemas/gen.mjs'))) as {
      generate: () => Promise<Map<string, string>>;
    };
    const files = await gen.generate();
    expect(readdirSync(generated).sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files) {
      expect(existsSync(join(generated, name)), name).toBe(true);
      expect(readFileSync(join(generated, name), 'utf8'), `${name}: run npm run gen`).toBe(text);
    }
  });
});

describe('every request', () => {
  it('has a sample', () => {
    const names = Object.keys(wire.RequestBody).filter((name) => name !== 'NONE');
    expect(requestBodies.map(([name]) => name)).toEqual(names);
  });

  it.each(requestBodies)('%s is what it was after a round trip', (name, body) => {
    const bytes = encodeRequest(2 ** 53 - 1, name, body, 1500, 2 ** 31 - 1);
    expect(verifyRequest(bytes)).toBe(Verdict.VALID);
    const request = wire.Request.getRootAsRequest(new ByteBuffer(bytes)).unpack();
    expect(request.call).toBe(2 ** 53 - 1);
    expect(request.deadlineMs).toBe(1500);
    expect(request.session).toBe(2 ** 31 - 1);
    expect(request.body).toEqual(body);
  });

  it('has a row in the table of operations', () => {
    const names = Object.keys(wire.RequestBody).filter((name) => name !== 'NONE');
    expect(operations.map((operation) => operation.name).sort()).toEqual(names.sort());
    expect(operationOf(wire.RequestBody.Rename)?.name).toBe('Rename');
    expect(operationOf(255)).toBeUndefined();
  });
});

describe('every reply', () => {
  it('has a sample', () => {
    const names = Object.keys(wire.ReplyBody).filter((name) => name !== 'NONE');
    expect(replyBodies.map(([name]) => name).sort()).toEqual(names.sort());
  });

  it.each(replyBodies)('%s is what it was after a round trip', (name, body) => {
    const bytes = encodeReply(7, name, body);
    expect(verifyReply(bytes)).toBe(Verdict.VALID);
    const reply = wire.Reply.getRootAsReply(new ByteBuffer(bytes)).unpack();
    expect(reply.body).toEqual(body);
    expect(reply.seq).toBe(2 ** 52);
    expect(reply.error?.hint).toBe('what next');
  });
});

describe('released numbers', () => {
  it('stay what they are', () => {
    expect({ ...wire.RequestBody, ...wire.ReplyBody }).toMatchSnapshot();
  });
});

describe('cursor', () => {
  const cursor = new RequestCursor();
  const text = (): string =>
    Buffer.from(
      cursor.bytes.subarray(cursor.textStart, cursor.textStart + cursor.textBytes),
    ).toString();

  it('reads strings, flags and numbers in place', () => {
    const body = new wire.CreateFileT('/ä/f', false, true, -1, null, -5);
    cursor.move(encodeRequest(2 ** 40 + 9, 'CreateFile', body, 12));
    expect([cursor.call, cursor.deadlineMs, cursor.bodyType]).toEqual([2 ** 40 + 9, 12, 30]);
    expect(cursor.string(4)).toBe(true);
    expect(text()).toBe('/ä/f');
    expect(cursor.boolean(6)).toBe(false);
    expect(cursor.boolean(8)).toBe(true);
    expect(cursor.int32(10, -1)).toBe(-1);
    expect(cursor.int64(12, 42)).toBe(42);
    expect(cursor.int64(14, -1)).toBe(-5);
    expect(cursor.string(22)).toBe(false);
  });

  it('reads vectors of strings', () => {
    cursor.move(encodeRequest(1, 'BatchGetStatus', new wire.BatchGetStatusT(['/a', '', '/c'])));
    expect(cursor.vectorLength(4)).toBe(3);
    cursor.stringElement(4, 2);
    expect(text()).toBe('/c');
    cursor.stringElement(4, 1);
    expect(cursor.textBytes).toBe(0);
  });
});

describe('encoder', () => {
  it('builds errors with everything a caller needs', () => {
    const encoder = new ReplyEncoder();
    const error = new StatusError(8, 'busy', { path: '/a', hint: 'wait', retryAfterMs: 50 });
    const bytes = encoder.error(9, error);
    expect(verifyReply(bytes)).toBe(Verdict.VALID);
    const reply = wire.Reply.getRootAsReply(new ByteBuffer(bytes)).unpack();
    expect(reply).toMatchObject({ call: 9, code: 8, more: false, body: null });
    expect(reply.error).toEqual(new wire.ErrorDetailT('busy', '/a', 'wait', 50));
  });

  it('copies a record header as it is', () => {
    const packed = new Builder(256);
    const start = fileInfo().inode!.pack(packed);
    const record = new Uint8Array(100);
    record.set(packed.dataBuffer().bytes().subarray(-start), 4);
    const builder = new Builder(16);
    const name = builder.createString('naïve');
    wire.FileInfo.startFileInfo(builder);
    wire.FileInfo.addInode(builder, writeInode(builder, record, 4));
    wire.FileInfo.addName(builder, name);
    builder.finish(wire.FileInfo.endFileInfo(builder));
    const info = wire.FileInfo.getRootAsFileInfo(new ByteBuffer(builder.asUint8Array())).unpack();
    expect(info.inode).toEqual(fileInfo().inode);
    expect(info.name).toBe('naïve');
  });
});
