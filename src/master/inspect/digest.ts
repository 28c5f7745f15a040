/**
 * The digest of an exact state: one SHA-256 over the namespace, in the order of its keys. Equal
 * trees have equal digests, also after a replay, a restart or a restore.
 *
 * In it: of every inode, also in the trash and in reclaim, the directory, name, id and attributes,
 * owner and group as text; mounts, extended attributes, origins, ttls from before a deletion. Not
 * in it: where and how it is stored, seqs, the numbers of names, the id index, expiry hints.
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { assert } from '../../base/assert.js';
import { Code, StatusError } from '../../base/status.js';
import { SIDE_MOUNT, SIDE_STRING } from '../memory/entry-format.js';
import * as R from '../memory/record.js';
import { recordBytes } from '../memory/record-fields.js';
import { sideKey } from '../storage/tier2.js';
import { sideRange } from '../tier/shared-tables.js';
import type { ExactState } from './exact-state.js';
import { allRows } from './table-rows.js';

export type DigestReport = {
  readonly seq: number;
  /** "sha256:" and hex. */
  readonly digest: string;
  readonly inodes: number;
  readonly sideRecords: number;
};

const NOTHING = new Uint8Array(0);
const CHUNK_BYTES = 256 * 1024;
const ROW_BYTES_MAX = 96 + 256 + 2 * (4 + 256);

export async function digestState(
  state: ExactState,
  onProgress: (inodes: number) => void,
  signal: AbortSignal,
): Promise<DigestReport> {
  const { tier2, codec } = state;
  if (state.findings.count > 0) throw damaged(state.findings.count);
  const hash = createHash('sha256');
  const names = namesOf(state);
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let used = 0;
  let inodes = 0;
  for (const batch of allRows(tier2.tables.inodes)) {
    for (const { key, value } of batch) {
      assert(codec.decode(key, value), 'damaged rows are not in the copy');
      if (used + ROW_BYTES_MAX > CHUNK_BYTES) {
        hash.update(chunk.subarray(0, used));
        used = 0;
      }
      used = putRecord(chunk, used, codec, names);
    }
    inodes += batch.length;
    onProgress(inodes);
    await setImmediate();
    signal.throwIfAborted();
  }
  hash.update(chunk.subarray(0, used));
  let sideRecords = 0;
  for (const { key, value } of tier2.side.getRange({ start: sideKey(SIDE_MOUNT, NOTHING) })) {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(key.length, 0);
    head.writeUInt32LE(value.length, 4);
    hash.update(head).update(key).update(value);
    sideRecords++;
  }
  return { seq: state.seq, digest: `sha256:${hash.digest('hex')}`, inodes, sideRecords };
}

/** The record without physical fields, then the texts of owner and group; returns the new end. */
function putRecord(
  chunk: Buffer,
  at: number,
  codec: { readonly u8: Uint8Array; readonly view: DataView; readonly at: number },
  names: ReadonlyMap<number, Buffer>,
): number {
  const { u8, view } = codec;
  const bytes = recordBytes(u8[codec.at + R.RECORD_NAME_LEN]!);
  chunk.set(u8.subarray(codec.at, codec.at + bytes), at);
  chunk.fill(0, at + R.RECORD_SEQ, at + R.RECORD_SEQ + 8);
  chunk.fill(0, at + R.RECORD_OWNER, at + R.RECORD_GROUP + 4);
  let end = at + bytes;
  for (const field of [R.RECORD_OWNER, R.RECORD_GROUP]) {
    const number = view.getUint32(codec.at + field, true);
    const name = names.get(number) ?? Buffer.from(`#${number}`);
    end = chunk.writeUInt32LE(name.length, end);
    end += name.copy(chunk, end);
  }
  return end;
}

function namesOf(state: ExactState): Map<number, Buffer> {
  const names = new Map<number, Buffer>([[0, Buffer.alloc(0)]]);
  for (const { key, value } of sideRange(state.tier2, SIDE_STRING)) {
    names.set(Buffer.from(value).readUInt32LE(), Buffer.from(key));
  }
  return names;
}

function damaged(count: number): StatusError {
  return new StatusError(Code.DATA_LOSS, `${count} stored rows are damaged.`, {
    hint: 'See what else is damaged: orchard admin verify',
  });
}
