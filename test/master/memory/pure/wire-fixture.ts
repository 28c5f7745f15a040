/** Requests in, replies out: for the tests of the kernels that answer whole frames. */
import { Builder, ByteBuffer } from 'flatbuffers';
import { expect } from 'vitest';
import { FillStatus, LookupStatus } from '../../../../src/master/memory/exports.js';
import { CONTROL, CONTROL_BASE, EXECUTOR, WALK } from '../../../../src/master/memory/layout.js';
import type { RecordFields } from '../../../../src/master/memory/twin/codec.js';
import * as wire from '../../../../src/wire/generated/index.js';
import { Verdict, verifyReply } from '../../../../src/wire/verify.js';
import { bytesOf } from './any-record.js';
import { executor, kernel, put, read, scratch, shared, walkA } from './kernel-fixture.js';

const text = new TextEncoder();

/** Interns texts as ids 0, 1, 2 …; the first must be empty. */
export function intern(texts: readonly string[]): void {
  const { view } = shared;
  const blob = shared.fixed(CONTROL.STRING_BLOB_BASE);
  let used = 0;
  texts.forEach((one, id) => {
    const row = shared.fixed(CONTROL.STRING_INDEX_BASE) + id * 8;
    const bytes = text.encode(one);
    put(blob + used, bytes);
    view.setUint32(row, used, true);
    view.setUint32(row + 4, bytes.length, true);
    used += bytes.length;
  });
  view.setUint32(CONTROL_BASE + CONTROL.STRING_COUNT, texts.length, true);
}

/** Caches a record in tier 1. */
export function cache(fields: RecordFields): void {
  const at = scratch;
  put(at, bytesOf(fields));
  const parent = Number(fields.parentId);
  const status = kernel.lookup(parent, at + 96, fields.name.length, scratch + 512, walkA);
  expect(status).toBe(LookupStatus.MISS);
  const set = shared.view.getUint32(walkA + WALK.MISS_SET, true);
  const setSeq = shared.view.getUint32(walkA + WALK.MISS_SET_SEQ, true);
  expect(kernel.fill(set, setSeq, at)).toBe(FillStatus.FILLED);
}

export function packRequest(type: wire.RequestBody, body: wire.RequestT['body']): Uint8Array {
  const builder = new Builder(256);
  builder.finish(new wire.RequestT(77, 0, type, body).pack(builder));
  return builder.asUint8Array().slice();
}

/** Puts a request where kernels expect it; returns its bytes. */
export function receive(frame: Uint8Array): number {
  put(executor + EXECUTOR.REQUEST + frame.length, [0, 0, 0, 0, 0x2f, 0x2f]);
  return put(executor + EXECUTOR.REQUEST, frame);
}

/** Reads a frame as a client would, after the verifier has seen it. */
export function openReply(at: number, bytes: number): wire.ReplyT {
  const frame = read(at, bytes);
  expect(verifyReply(frame)).toBe(Verdict.VALID);
  return wire.Reply.getRootAsReply(new ByteBuffer(frame)).unpack();
}

/** What generated code makes of the same reply. */
export function roundTrip(reply: wire.ReplyT): wire.ReplyT {
  const builder = new Builder(256);
  builder.finish(reply.pack(builder));
  return wire.Reply.getRootAsReply(new ByteBuffer(builder.asUint8Array())).unpack();
}

export function infoOf(
  fields: RecordFields,
  texts: readonly string[],
  path: string | null = null,
): wire.FileInfoT {
  const inode = new wire.InodeT(
    Number(fields.seq),
    Number(fields.parentId),
    Number(fields.id),
    Number(fields.length),
    Number(fields.mtime),
    Number(fields.ctime),
    Number(fields.ttl),
    Number(fields.blockSize),
    fields.mode,
    fields.type as wire.InodeType,
    fields.name.length,
    fields.flags,
    fields.owner,
    fields.group,
    fields.mountId,
    fields.replicationMin,
    fields.replicationMax,
    Number(fields.fingerprint),
  );
  const name = new TextDecoder().decode(fields.name);
  const owner = texts[fields.owner] ?? '';
  const group = texts[fields.group] ?? '';
  return new wire.FileInfoT(inode, name, owner, group, path);
}
