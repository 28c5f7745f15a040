/**
 * An entry in a sorted run on disk. Runs live as long as one import, so their bytes may change.
 * Pure.
 *
 *   0         8       16            24     32      36      40     42          44
 *   ┌────────┬───────┬─────────────┬──────┬───────┬───────┬──────┬───────────┬──────┐
 *   │ length │ mtime │ fingerprint │ line │ owner │ group │ mode │ pathBytes │ path │
 *   └────────┴───────┴─────────────┴──────┴───────┴───────┴──────┴───────────┴──────┘
 */
import type { EntryBatch } from './entry-batch.js';

export const RUN_HEAD_BYTES = 44;
const AT = { LENGTH: 0, MTIME: 8, FINGERPRINT: 16, LINE: 24, OWNER: 32, GROUP: 36 } as const;
const MODE_AT = 40;
export const PATH_BYTES_AT = 42;

/** Writes entry `i` at `at`; returns its bytes. */
export function writeEntry(target: Buffer, at: number, batch: EntryBatch, i: number): number {
  const pathBytes = batch.pathBytes[i]!;
  target.writeDoubleLE(batch.length[i]!, at + AT.LENGTH);
  target.writeDoubleLE(batch.mtimeMs[i]!, at + AT.MTIME);
  target.writeDoubleLE(batch.fingerprint[i]!, at + AT.FINGERPRINT);
  target.writeDoubleLE(batch.line[i]!, at + AT.LINE);
  target.writeUInt32LE(batch.owner[i]!, at + AT.OWNER);
  target.writeUInt32LE(batch.group[i]!, at + AT.GROUP);
  target.writeUInt16LE(batch.mode[i]!, at + MODE_AT);
  target.writeUInt16LE(pathBytes, at + PATH_BYTES_AT);
  const pathAt = batch.pathAt[i]!;
  batch.bytes.copy(target, at + RUN_HEAD_BYTES, pathAt, pathAt + pathBytes);
  return RUN_HEAD_BYTES + pathBytes;
}

/** Adds the entry at `at` to a batch. */
export function readEntry(source: Buffer, at: number, batch: EntryBatch): void {
  const pathBytes = source.readUInt16LE(at + PATH_BYTES_AT);
  const path = at + RUN_HEAD_BYTES;
  source.copy(batch.bytes, batch.end, path, path + pathBytes);
  batch.take(pathBytes, {
    length: source.readDoubleLE(at + AT.LENGTH),
    mtimeMs: source.readDoubleLE(at + AT.MTIME),
    fingerprint: source.readDoubleLE(at + AT.FINGERPRINT),
    mode: source.readUInt16LE(at + MODE_AT),
    owner: source.readUInt32LE(at + AT.OWNER),
    group: source.readUInt32LE(at + AT.GROUP),
    line: source.readDoubleLE(at + AT.LINE),
  });
}
