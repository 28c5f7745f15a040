/**
 * Children of a directory, by id, in the order of their names: pages read from tier 2, which is
 * exact once the directory's last change has been flushed. Nothing is held between pages. Floor 6.
 */
import { EXECUTOR } from '../base/layout.js';
import { type RecordFields, readRecord } from '../base/record-fields.js';
import type { Caller } from '../executor/caller.js';
import type { Executor } from '../executor/executor.js';
import type { Scheduler } from '../executor/scheduler.js';
import { reading } from '../ops/promise-calls.js';

export type ChildrenPage = {
  readonly children: readonly RecordFields[];
  /** Pass as `after` for the next page; undefined: that was the last. */
  readonly next: Uint8Array | undefined;
};

const NO_NAME = new Uint8Array(0);

/** Children of directory `id` (or of a trash shadow) with names after `after`. */
export function childrenPage(
  from: { readonly scheduler: Scheduler; readonly caller: Caller },
  id: number,
  after: Uint8Array | undefined,
  limit: number,
): Promise<ChildrenPage> {
  return reading(from.scheduler, 'scan', from.caller, (executor) => {
    executor.awaitTier2(id);
    return readChildren(executor, id, after, limit);
  });
}

function readChildren(
  executor: Executor,
  id: number,
  after: Uint8Array | undefined,
  limit: number,
): ChildrenPage {
  const { shared, kernel, base } = executor;
  const prefix = keyOf(executor, id, NO_NAME);
  // A name is never empty: the key without one comes before all children.
  const start = keyOf(executor, id, after ?? NO_NAME);
  const children: RecordFields[] = [];
  const keyAt = base + EXECUTOR.KEY;
  const valueAt = base + EXECUTOR.VALUE;
  const recordAt = base + EXECUTOR.RECORD;
  for (const { key, value } of executor.reader.tier2.inodes.getRange({ start })) {
    if (!hasPrefix(key, prefix)) return { children, next: undefined };
    // The start itself: exclusive, and the directory's own shadow key is none of its children.
    if (key.length === start.length && hasPrefix(key, start)) continue;
    if (children.length === limit) return { children, next: children.at(-1)!.name };
    shared.u8.set(key, keyAt);
    shared.u8.set(value, valueAt);
    kernel.decodeRecord(keyAt, key.length, valueAt, value.length, recordAt);
    children.push(readRecord(shared.view, recordAt));
  }
  return { children, next: undefined };
}

function keyOf(executor: Executor, id: number, name: Uint8Array): Uint8Array {
  const { shared, kernel, base } = executor;
  const nameAt = base + EXECUTOR.VALUE;
  const keyAt = base + EXECUTOR.KEY;
  shared.u8.set(name, nameAt);
  const bytes = kernel.encodeKey(id, nameAt, name.length, keyAt);
  return shared.u8.slice(keyAt, keyAt + bytes);
}

function hasPrefix(key: Uint8Array, prefix: Uint8Array): boolean {
  if (key.length < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (key[i] !== prefix[i]) return false;
  return true;
}
