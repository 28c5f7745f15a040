/** Inodes as tier 2 has them, by their id: for work that begins with what a flush has written. */
import type { Executor } from '../executor/executor.js';
import { Park } from '../executor/park.js';
import { CONTROL, EXECUTOR } from '../memory/layout.js';
import { type RecordFields, readRecord } from '../memory/record-fields.js';
import { type CallEnd, reading } from '../ops/mechanism/promise-calls.js';
import { damagedInode } from '../storage/damage.js';
import type { LoadContext } from './directory-load.js';

/** Until tier 2 has whatever was answered before this call. */
export function flushed({ scheduler, caller }: LoadContext, end: CallEnd = {}): Promise<void> {
  const seq = scheduler.executor.load64(CONTROL.APPLIED_SEQ);
  const look = (executor: Executor): void => {
    if (seq > executor.flushedSeq) throw Park.flush(seq);
  };
  return reading(scheduler, 'awaitFlush', caller, look, end);
}

/** Undefined: there is none, or it is on its way to another key. */
export function inodeById(executor: Executor, id: number): RecordFields | undefined {
  const { reader, shared, kernel, base } = executor;
  const key = reader.keyOfId(id);
  const value = key && reader.tier2.inodes.getBinary(key);
  if (key === undefined || value === undefined) return undefined;
  const keyAt = base + EXECUTOR.KEY;
  const valueAt = base + EXECUTOR.VALUE;
  const record = base + EXECUTOR.RECORD;
  shared.u8.set(key, keyAt);
  shared.u8.set(value, valueAt);
  if (kernel.decodeRecord(keyAt, key.length, valueAt, value.length, record) === 0) {
    throw damagedInode(key);
  }
  const inode = readRecord(shared.view, record);
  return inode.id === id ? inode : undefined;
}
