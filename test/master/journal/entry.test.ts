/** Entries: what the builder writes, the decoder reads back; neither leaves its bounds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../src/base/crc32c.js';
import { ENTRY_BYTES_MAX } from '../../../src/base/limits.js';
import { Code, StatusError } from '../../../src/base/status.js';
import { EntryWriter, sealEntry } from '../../../src/master/journal/entry.js';
import { type Change, decodeEntry } from '../../../src/master/journal/entry-decode.js';
import {
  OP_STRUCTURAL,
  PUT_MOVES,
  REMOVE_DROP_ID,
} from '../../../src/master/memory/entry-format.js';
import { RECORD_NAME } from '../../../src/master/memory/record.js';
import type { RecordFields } from '../../../src/master/memory/record-fields.js';
import { writeRecord } from '../../../src/master/memory/record-fields.js';

const u53 = fc.maxSafeNat();
const i53 = fc.maxSafeInteger();
const u32 = fc.nat(0xffff_ffff);
const i16 = fc.integer({ min: -0x8000, max: 0x7fff });
const name = fc.uint8Array({ maxLength: 255 });

const record: fc.Arbitrary<RecordFields> = fc.record({
  seq: u53,
  parentId: u53,
  id: u53,
  length: u53,
  mtimeMs: i53,
  ctimeMs: i53,
  ttlMs: i53,
  blockSize: u53,
  mode: fc.nat(0xffff),
  type: fc.nat(2),
  flags: u32,
  owner: u32,
  group: u32,
  mountId: u32,
  replicationMin: i16,
  replicationMax: i16,
  fingerprint: u53,
  name,
});

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), record, moves: fc.boolean() }),
  fc.record({
    kind: fc.constant('remove' as const),
    parentId: u53,
    id: u53,
    name,
    dropId: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('parent' as const),
    grandparentId: u53,
    parentId: u53,
    mtimeMs: i53,
    childDelta: fc.integer(),
    name,
  }),
  fc.record({
    kind: fc.constant('side' as const),
    sideKind: fc.nat(255),
    key: fc.uint8Array({ maxLength: 40 }),
    value: fc.option(fc.uint8Array({ maxLength: 2000 })),
  }),
);

function writeChange(writer: EntryWriter, item: Change, inPlace: boolean): void {
  if (item.kind === 'put' && inPlace && !item.moves) {
    const bytes = new Uint8Array(400);
    writeRecord(new DataView(bytes.buffer), 8, item.record);
    writer.put(bytes, 8);
  } else if (item.kind === 'put') {
    writer.putFields(item.record, item.moves ? PUT_MOVES : 0);
  } else if (item.kind === 'remove') {
    writer.remove(item.parentId, item.id, item.name, item.dropId ? REMOVE_DROP_ID : 0);
  } else if (item.kind === 'parent') {
    const { grandparentId, parentId, mtimeMs, childDelta, name: text } = item;
    writer.parent(grandparentId, parentId, mtimeMs, childDelta, text);
  } else {
    writer.side(item.sideKind, item.key, item.value);
  }
}

describe('an entry', () => {
  test('reads back as it was written, from shared memory and at any offset', () => {
    const head = fc.record({ timeMs: i53, clientId: u53, callId: u53, op: fc.nat(0x7eff) });
    const changes = fc.array(change, { maxLength: 6 });
    fc.assert(
      fc.property(head, changes, fc.nat(20), fc.boolean(), (header, items, eighths, inPlace) => {
        const window = new Uint8Array(new SharedArrayBuffer(32_768), 64).fill(0xaa);
        const at = eighths * 8;
        const writer = new EntryWriter(window);
        writer.begin(at, header.timeMs, header.clientId, header.callId, header.op | OP_STRUCTURAL);
        for (const item of items) writeChange(writer, item, inPlace);
        const bytes = writer.finish();
        sealEntry(window, at, 99, 0xdead_beef);
        const read = decodeEntry(window, at);
        expect(read).toEqual({
          ...header,
          structural: true,
          seq: 99,
          salt: 0xdead_beef,
          bytes,
          changes: items,
        });
        const outside = [...window.subarray(0, at), ...window.subarray(at + bytes)];
        expect(outside.every((byte) => byte === 0xaa)).toBe(true);
      }),
    );
  });

  test('that would outgrow its room is refused, and nothing beyond the room is touched', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), fc.nat(3000), (items, n) => {
        const window = new Uint8Array(65_536).fill(0xaa);
        const room = n & ~7;
        const writer = new EntryWriter(window);
        let code: Code = Code.OK;
        try {
          writer.begin(0, 1, 2, 3, 4, room);
          for (const item of items) writeChange(writer, item, false);
          expect(writer.finish()).toBeLessThanOrEqual(room);
        } catch (error) {
          code = (error as StatusError).code;
        }
        expect([Code.OK, Code.RESOURCE_EXHAUSTED]).toContain(code);
        expect(window.subarray(room).every((byte) => byte === 0xaa)).toBe(true);
      }),
    );
  });

  test('is never larger than ENTRY_BYTES_MAX, however large the window', () => {
    const writer = new EntryWriter(new Uint8Array(2 * ENTRY_BYTES_MAX));
    writer.begin(0, 1, 2, 3, 4);
    expect(() => writer.side(1, new Uint8Array(1), new Uint8Array(ENTRY_BYTES_MAX))).toThrow(
      expect.objectContaining({ code: Code.RESOURCE_EXHAUSTED }),
    );
  });

  test('takes a record and a name from its own window, as executors do', () => {
    fc.assert(
      fc.property(record, (fields) => {
        const window = new Uint8Array(4096);
        const bytes = writeRecord(new DataView(window.buffer), 2048, fields);
        const writer = new EntryWriter(window);
        writer.begin(0, 1, 2, 3, 4);
        writer.put(window, 2048);
        writer.remove(5, 6, window, REMOVE_DROP_ID, 2048 + RECORD_NAME, bytes - RECORD_NAME);
        writer.finish();
        expect(decodeEntry(window, 0).changes).toEqual([
          { kind: 'put', record: fields, moves: false },
          { kind: 'remove', parentId: 5, id: 6, name: fields.name, dropId: true },
        ]);
      }),
    );
  });

  test('takes no name of 256 bytes', () => {
    const writer = new EntryWriter(new Uint8Array(4096));
    writer.begin(0, 1, 2, 3, 4);
    expect(() => writer.remove(1, 2, new Uint8Array(256), 0)).toThrow(
      expect.objectContaining({ code: Code.INVALID_ARGUMENT }),
    );
  });

  test('that is wrong under a right CRC is refused, never read out of bounds', () => {
    const mutation = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    let refused = 0;
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), mutation, (items, bytesChanged) => {
        const window = new Uint8Array(16_384);
        const writer = new EntryWriter(window);
        writer.begin(0, 1, 2, 3, 4);
        for (const item of items) writeChange(writer, item, false);
        const length = writer.finish();
        for (const [at, byte] of bytesChanged) window[4 + (at % (length - 4))] = byte;
        new DataView(window.buffer).setUint32(0, crc32c(window, 4, length - 4), true);
        try {
          decodeEntry(window.subarray(0, length), 0);
        } catch (error) {
          refused++;
          expect(error).toBeInstanceOf(StatusError);
          expect((error as StatusError).code).toBe(Code.DATA_LOSS);
        }
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
