/**
 * Goal: GetStatus is answered from frame to frame as the slow path would, or not at all. Method:
 * a small tree in tier 1; replies are verified, read by generated code, compared with packed ones;
 * requests are mutated.
 */

import fc from 'fast-check';
import { ByteBuffer } from 'flatbuffers';
import { beforeAll, describe, expect, test } from 'vitest';
import { CALLER, EXECUTOR } from '../../../../src/master/memory/layout.js';
import {
  FLAG_CHILDREN_LOADED,
  FLAG_HAS_XATTR,
  INODE_TYPE_DIRECTORY,
  ROOT_ID,
} from '../../../../src/master/memory/record.js';
import type { RecordFields } from '../../../../src/master/memory/twin/codec.js';
import { notFound } from '../../../../src/master/ops/mechanism/failures.js';
import type { PathWalk } from '../../../../src/master/path/path-walk.js';
import { ReplyEncoder } from '../../../../src/wire/encode.js';
import * as wire from '../../../../src/wire/generated/index.js';
import { Verdict, verifyRequest } from '../../../../src/wire/verify.js';
import { bytesOf, complete, wireRecord } from './any-record.js';
import { caller, executor, kernel, put, read, renew, scratch, shared } from './kernel-fixture.js';
import {
  cache,
  infoOf,
  intern,
  openReply,
  packRequest,
  receive,
  roundTrip,
} from './wire-fixture.js';

const { RequestBody, ReplyBody, LoadType } = wire;
const REPLY = executor + EXECUTOR.REPLY;
/** Of twenty names below what does not exist. */
const LONG = `/${'é'.repeat(100)}`.repeat(20);
const TEXTS = ['', 'ann', 'staff', 'bob', 'x'.repeat(255)];

const named = (name: string, fields: Partial<RecordFields>): RecordFields => ({
  ...complete,
  owner: 1,
  group: 2,
  name: new TextEncoder().encode(name),
  ...fields,
});
const directory = { type: INODE_TYPE_DIRECTORY, mode: 0o755, flags: 0, blockSize: 0n } as const;
const ROOT = BigInt(ROOT_ID);
const tree = {
  root: named('', { ...directory, parentId: 0n, id: ROOT, seq: 9n }),
  data: named('data', { ...directory, parentId: ROOT, id: 1024n, seq: 4_000_000_000n }),
  part: named('part-00000.parquet', { parentId: 1024n, id: 1025n }),
  shared: named('shared', { parentId: 1024n, id: 1026n, owner: 2, group: 2 }),
  hidden: named('hidden', { parentId: 1024n, id: 1027n, mode: 0o600 }),
  closed: named('closed', { ...directory, parentId: ROOT, id: 1028n, mode: 0o700 }),
  inner: named('inner', { parentId: 1028n, id: 1029n }),
  tagged: named('tagged', { parentId: ROOT, id: 1030n, flags: 1 | FLAG_HAS_XATTR }),
  full: named('full', { ...directory, parentId: ROOT, id: 1031n, flags: FLAG_CHILDREN_LOADED }),
  // Id 0: there is no such name.
  nothing: named('nothing', { parentId: 1031n, id: 0n }),
  unknown: named('unknown', { parentId: 1024n, id: 0n }),
  secret: named('secret', { parentId: 1028n, id: 0n }),
};

function actAs(user: number, isSuper = 0): void {
  shared.view.setUint32(caller + CALLER.USER, user, true);
  shared.view.setUint32(caller + CALLER.SUPER, isSuper, true);
  shared.view.setUint32(caller + CALLER.GROUP_COUNT, 0, true);
}

const ask = (path: string, load: wire.LoadType = LoadType.ONCE, attributes = false): Uint8Array =>
  packRequest(RequestBody.GetStatus, new wire.GetStatusT(path, load, attributes));

const serve = (frame: Uint8Array): number => kernel.serveGetStatus(receive(frame));

beforeAll(() => {
  renew();
  intern(TEXTS);
  for (const record of Object.values(tree)) cache(record);
});

describe('serveGetStatus', () => {
  test.each([
    ['/', tree.root, 9],
    ['/data', tree.data, 4_000_000_000],
    ['/data/part-00000.parquet', tree.part, 4_000_000_000],
    ['//data/./x/..//shared/', tree.shared, 4_000_000_000],
  ])('answers %s as the slow path does', (path, record, seq) => {
    actAs(3);
    const reply = openReply(REPLY, serve(ask(path)));
    const body = infoOf(record, TEXTS);
    const expected = new wire.ReplyT(77, 0, null, false, seq, ReplyBody.FileInfo, body);
    expect(reply).toEqual(roundTrip(expected));
  });

  test.each([
    ['/full/nothing', '/full/nothing'],
    ['//full/./x/../nothing//', '/full/nothing'],
    [`/full/nothing${LONG}`, `/full/nothing${LONG}`],
  ])('says as the slow path does that a path does not exist (%#)', (path, clean) => {
    actAs(3);
    const bytes = serve(ask(path));
    const walk = { text: () => clean } as PathWalk;
    const expected = new ReplyEncoder().error(77, notFound(walk));
    const frame = new ByteBuffer(expected.slice());
    expect(bytes).toBeLessThan(0);
    expect(openReply(REPLY, -bytes)).toEqual(wire.Reply.getRootAsReply(frame).unpack());
  });

  test('leaves to the slow path whatever is out of the ordinary', () => {
    actAs(3);
    const others = [
      ask('/missing'),
      ask('/data/unknown'),
      ask('/closed/secret'),
      ask('/full/nothing', LoadType.ALWAYS),
      ask('relative'),
      ask(''),
      ask('/data/part-00000.parquet/below'),
      ask('/data/hidden'),
      ask('/closed/inner'),
      ask('/tagged'),
      ask('/data', LoadType.ALWAYS),
      ask('/data', LoadType.NEVER, true),
      packRequest(RequestBody.Exists, new wire.ExistsT('/data')),
      packRequest(RequestBody.Ping, new wire.PingT()),
    ];
    for (const frame of others) expect(serve(frame)).toBe(0);
    expect(serve(ask('/data', LoadType.NEVER))).toBeGreaterThan(0);
  });

  test('owners and superusers see what others do not', () => {
    const paths = ['/data/hidden', '/closed/inner'];
    for (const [user, isSuper, seen] of [
      [1, 0, true],
      [3, 0, false],
      [3, 1, true],
    ] as const) {
      actAs(user, isSuper);
      for (const path of paths) expect(serve(ask(path)) > 0).toBe(seen);
    }
    actAs(1);
  });

  test('answers no frame that the verifier refuses, whatever became of it', () => {
    const frames = [ask('/data/part-00000.parquet'), ask('/full/nothing')];
    for (const sound of frames) servesOnlyWhatIsValid(sound);
  });

  function servesOnlyWhatIsValid(sound: Uint8Array): void {
    let served = 0;
    const change = fc.tuple(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 255 }));
    const mutation = fc.tuple(fc.array(change, { maxLength: 3 }), fc.nat({ max: 40 }));
    fc.assert(
      fc.property(mutation, ([changes, cut]) => {
        const frame = sound.slice(0, cut < 8 ? sound.length - cut : sound.length);
        for (const [at, byte] of changes) if (at < frame.length) frame[at] = byte;
        const bytes = serve(frame);
        if (bytes === 0) return;
        served++;
        expect(verifyRequest(frame)).toBe(Verdict.VALID);
        openReply(REPLY, Math.abs(bytes));
      }),
      { numRuns: 20_000 },
    );
    expect(served).toBeGreaterThan(100);
    for (let length = 0; length < sound.length - 8; length++) {
      expect(serve(sound.slice(0, length))).toBe(0);
    }
  }
});

describe('encodeInfoReply', () => {
  test('any record makes a reply that generated code packs and reads the same', () => {
    fc.assert(
      fc.property(wireRecord, fc.maxSafeNat(), fc.nat({ max: 5 }), (fields, seq, owner) => {
        const record = { ...fields, owner, group: fields.mode % 5 };
        put(scratch, bytesOf(record));
        const bytes = kernel.encodeInfoReply(seq, ReplyBody.FileInfo, scratch, REPLY, seq);
        const shownSeq = seq === 0 ? Number(record.seq) : seq;
        const inodeSeq = record.seq === 0n ? BigInt(seq) : record.seq;
        const body = infoOf({ ...record, seq: inodeSeq }, TEXTS);
        const expected = new wire.ReplyT(seq, 0, null, false, shownSeq, ReplyBody.FileInfo, body);
        expect(openReply(REPLY, bytes)).toEqual(roundTrip(expected));
      }),
      { numRuns: 1000 },
    );
  });

  test('structs and words are aligned, as readers in other languages demand', () => {
    put(scratch, bytesOf(tree.part));
    const bytes = kernel.encodeInfoReply(5, ReplyBody.FileInfo, scratch, REPLY, 6);
    const frame = new ByteBuffer(read(REPLY, bytes));
    const reply = wire.Reply.getRootAsReply(frame);
    const info: wire.FileInfo = reply.body(new wire.FileInfo());
    expect(info.inode()!.bb_pos % 8).toBe(0);
    expect((reply.bb_pos + frame.__offset(reply.bb_pos, 4)) % 8).toBe(0);
    expect((reply.bb_pos + frame.__offset(reply.bb_pos, 12)) % 8).toBe(0);
    expect(bytes % 4).toBe(0);
    expect(REPLY % 8).toBe(0);
  });
});
