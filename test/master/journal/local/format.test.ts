/**
 * The bytes on disk, pinned: a journal written by an older build must replay in this one. If a
 * case here fails, the format changed: raise SEGMENT_FORMAT_VERSION and keep reading the old one.
 */
import { expect, test } from 'vitest';
import { EntryWriter, sealEntry } from '../../../../src/master/journal/entry.js';
import {
  decodeHeader,
  encodeHeader,
  writeEnd,
  writeMark,
} from '../../../../src/master/journal/local/segment.js';
import { REMOVE_DROP_ID } from '../../../../src/master/memory/entry-format.js';

/** 32 bytes a line. */
const hex = (bytes: Uint8Array): string =>
  (
    Buffer.from(bytes)
      .toString('hex')
      .match(/.{1,64}/g) ?? []
  ).join('\n');

const HEADER = {
  formatVersion: 1,
  clusterId: 'orchard',
  firstSeq: 4711,
  salt: 0x1234_5678,
  segmentBytes: 67_108_864,
  createdMs: 1_700_000_000_000,
};

test('a segment header', () => {
  const block = encodeHeader(HEADER);
  expect(block.length).toBe(4096);
  expect(hex(block.subarray(0, 64))).toMatchInlineSnapshot(`
    "4f52434857414c00010000003817ff7a67120000000000007856341207000000
    00000004000000000068e5cf8b0100006f726368617264000000000000000000"
  `);
  expect(block.subarray(64).every((byte) => byte === 0)).toBe(true);
  expect(decodeHeader(block)).toEqual(HEADER);
});

test('mark and end marker', () => {
  const bytes = new Uint8Array(48);
  writeMark(new DataView(bytes.buffer), 12, 11, 0x1234_5678);
  expect(hex(bytes)).toMatchInlineSnapshot(`
    "6963d3f8300000000c0000000000000000000000000000000b00000000000000
    0000000000000000017f000078563412"
  `);
  writeEnd(new DataView(bytes.buffer), 13, 0x1234_5678);
  expect(hex(bytes)).toMatchInlineSnapshot(`
    "0d7948f5300000000d0000000000000000000000000000000000000000000000
    0000000000000000027f000078563412"
  `);
});

test('an entry with one change of each kind', () => {
  const bytes = new Uint8Array(1024);
  const writer = new EntryWriter(bytes);
  const name = new TextEncoder().encode('fruit');
  writer.begin(0, 1_700_000_000_000, 0x1f_ffff_ffff_ffff, 42, 0x8003);
  writer.putFields({
    seq: 0,
    parentId: 1,
    id: 1024,
    length: 2 ** 40,
    mtimeMs: -1,
    ctimeMs: 1_700_000_000_000,
    ttlMs: -1,
    blockSize: 67_108_864,
    mode: 0o644,
    type: 1,
    flags: 5,
    owner: 6,
    group: 7,
    mountId: 8,
    replicationMin: 0,
    replicationMax: -1,
    fingerprint: 9,
    name,
  });
  writer.remove(1, 1025, name, REMOVE_DROP_ID);
  writer.parent(0, 1, 1_700_000_000_000, -1, new Uint8Array(0));
  writer.side(3, Uint8Array.of(1, 2), Uint8Array.of(3, 4, 5));
  const length = writer.finish();
  sealEntry(bytes, 0, 12, 0x1234_5678);
  expect(hex(bytes.subarray(0, length))).toMatchInlineSnapshot(`
    "e0f7b687080100000c000000000000000068e5cf8b010000ffffffffffff1f00
    2a00000000000000038004007856341201000000650000000000000000000000
    010000000000000000040000000000000000000000010000ffffffffffffffff
    0068e5cf8b010000ffffffffffffffff0000000400000000a401010505000000
    0600000007000000080000000000ffff09000000000000006672756974000000
    020100001d000000010000000000000001040000000000000500000000000000
    6672756974000000030000002000000000000000000000000100000000000000
    0068e5cf8b010000ffffffff00000000040000000d0000000300020003000000
    0102030405000000"
  `);
});
