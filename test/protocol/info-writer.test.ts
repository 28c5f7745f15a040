/**
 * The hand-laid frames against the generated code: what InfoWriter writes must be valid, and must
 * decode to the same objects that the generated pack() makes.
 */
import fc from 'fast-check';
import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { type RecordFields, writeRecord } from '../../src/base/record-fields.js';
import * as wire from '../../src/protocol/generated/index.js';
import { InfoWriter, type RecordMemory, type Utf8 } from '../../src/protocol/info-writer.js';
import { Verdict, verifyReply } from '../../src/protocol/verify.js';

const names = ['', 'ann', 'bob', 'x'.repeat(255), 'naïve'];
const textOf = (id: number): string => names[id % names.length]!;
const utf8 = (text: string): Utf8 => {
  const bytes = Buffer.from(`##${text}##`);
  return { bytes, start: 2, length: bytes.length - 4 };
};

const id = fc.maxSafeNat();
const record: fc.Arbitrary<RecordFields> = fc.record({
  seq: id,
  parentId: id,
  id,
  length: id,
  mtimeMs: fc.maxSafeInteger(),
  ctimeMs: fc.maxSafeInteger(),
  ttlMs: fc.maxSafeInteger(),
  blockSize: id,
  mode: fc.nat(0xffff),
  type: fc.constantFrom(1, 2),
  flags: fc.nat(0xffff_ffff),
  owner: fc.nat(9),
  group: fc.nat(9),
  mountId: fc.nat(0xffff_ffff),
  replicationMin: fc.integer({ min: -32768, max: 32767 }),
  replicationMax: fc.integer({ min: -32768, max: 32767 }),
  fingerprint: id,
  name: fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text)),
});
const entry = fc.record({
  fields: record,
  offset: fc.constantFrom(0, 8, 3),
  path: fc.option(fc.string({ unit: 'grapheme', maxLength: 120 }), { nil: undefined }),
});
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

function memoryOf({ fields, offset }: Entry): RecordMemory {
  const buffer = new ArrayBuffer(512);
  writeRecord(new DataView(buffer), offset, fields);
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer) };
}

function infoOf({ fields, path }: Entry): wire.FileInfoT {
  const inode = new wire.InodeT(
    fields.seq,
    fields.parentId,
    fields.id,
    fields.length,
    fields.mtimeMs,
    fields.ctimeMs,
    fields.ttlMs,
    fields.blockSize,
    fields.mode,
    fields.type as wire.InodeType,
    fields.name.length,
    fields.flags,
    fields.owner,
    fields.group,
    fields.mountId,
    fields.replicationMin,
    fields.replicationMax,
    fields.fingerprint,
  );
  const name = Buffer.from(fields.name).toString();
  return new wire.FileInfoT(inode, name, textOf(fields.owner), textOf(fields.group), path ?? null);
}

function decode(bytes: Uint8Array): wire.ReplyT {
  expect(verifyReply(bytes)).toBe(Verdict.VALID);
  return wire.Reply.getRootAsReply(new ByteBuffer(bytes)).unpack();
}

const pathOf = ({ path }: Entry): Utf8 | undefined => (path === undefined ? undefined : utf8(path));
const seed = Number(process.env['ORCHARD_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const runs = { seed, numRuns: 300 };

describe(`info writer, seed ${seed}`, () => {
  const writer = new InfoWriter(textOf);

  it('writes one inode', () => {
    fc.assert(
      fc.property(entry, id, id, (one, call, seq) => {
        const reply = decode(writer.single(call, seq, memoryOf(one), one.offset, pathOf(one)));
        expect(reply).toMatchObject({ call, seq, code: 0, more: false });
        expect(reply.body).toEqual(infoOf(one));
      }),
      runs,
    );
  });

  it('writes pages with less than they had room for', () => {
    const page = fc.record({
      entries: fc.array(entry, { maxLength: 12 }),
      spare: fc.nat(9),
      cursor: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
      truncated: fc.boolean(),
      more: fc.boolean(),
      fileCount: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
    });
    fc.assert(
      fc.property(page, ({ entries, spare, cursor, ...flags }) => {
        writer.beginPage(9, entries.length + spare);
        for (const one of entries) writer.addEntry(memoryOf(one), one.offset, pathOf(one));
        expect(writer.count).toBe(entries.length);
        const rest = cursor === undefined ? flags : { ...flags, cursor };
        const reply = decode(writer.finishPage(77, rest));
        expect(reply).toMatchObject({ call: 9, seq: 77, more: flags.more });
        expect(reply.body).toEqual(
          new wire.ListPageT(
            entries.map(infoOf),
            cursor ?? new Uint8Array(0),
            flags.truncated,
            flags.fileCount,
          ),
        );
      }),
      runs,
    );
  });

  it('writes a result for each path of a batch', () => {
    const result = fc.record({ entry, failed: fc.boolean(), code: fc.nat(16) });
    fc.assert(
      fc.property(fc.array(result, { maxLength: 12 }), fc.nat(9), (results, spare) => {
        writer.beginBatch(9, results.length + spare);
        for (const { entry: one, failed, code } of results) {
          if (failed) writer.addFailure(code, 'why nöt', utf8(one.path ?? ''));
          else writer.addResult(memoryOf(one), one.offset, pathOf(one));
        }
        const reply = decode(writer.finishBatch(5));
        const expected = results.map(({ entry: one, failed, code }) =>
          failed
            ? new wire.ResultT(code, new wire.ErrorDetailT('why nöt', one.path ?? ''), null)
            : new wire.ResultT(0, null, infoOf(one)),
        );
        expect(reply.body).toEqual(new wire.BatchReplyT(expected));
      }),
      runs,
    );
  });
});
