/** Look-up of one key without a walk: for inodes that have no path, or no longer their old one. */
import type { Executor } from '../../executor/executor.js';
import { EXECUTOR } from '../../memory/layout.js';
import { type RecordFields, readRecord } from '../../memory/record-fields.js';

/** The inode that hangs at a key now, through both tiers. */
export function lookupByKey(
  executor: Executor,
  parentId: number,
  name: Uint8Array,
): RecordFields | undefined {
  const { shared, reader, walkB, base } = executor;
  const at = base + EXECUTOR.REQUEST;
  shared.u8.set(name, at);
  const found = reader.lookup(parentId, at, name.length, walkB.record, walkB.at);
  return found ? readRecord(shared.view, walkB.record) : undefined;
}
