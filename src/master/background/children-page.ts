/**
 * Children of a directory, by id, in the order of their names, in pages. A page includes every
 * change that was done before the page was asked for. Nothing is held between pages.
 */

import type { Caller } from '../executor/caller.js';
import type { Executor } from '../executor/executor.js';
import type { Scheduler } from '../executor/scheduler.js';
import { EXECUTOR } from '../memory/layout.js';
import { type RecordFields, readRecord } from '../memory/record-fields.js';
import { ChildScan } from '../ops/mechanism/child-scan.js';
import { FlushBarrier } from '../ops/mechanism/flush-barrier.js';
import { reading } from '../ops/mechanism/promise-calls.js';

export type ChildrenPage = {
  readonly children: readonly RecordFields[];
  /** Pass as `after` for the next page; undefined: that was the last. */
  readonly next: Uint8Array | undefined;
};

export type PageOptions = {
  /** Only names after this one. */
  readonly after: Uint8Array | undefined;
  readonly limit: number;
  /**
   * Of tier 2 alone, for who takes away all that is there, and looks behind what he took: the first
   * page waits until tier 2 has everything, the others need not.
   */
  readonly flushed?: 'wait' | 'done';
};

const NO_NAME = new Uint8Array(0);

/** Children of directory `id`, or of a trash shadow. */
export function childrenPage(
  from: { readonly scheduler: Scheduler; readonly caller: Caller },
  id: number,
  options: PageOptions,
): Promise<ChildrenPage> {
  const barrier = new FlushBarrier();
  return reading(from.scheduler, 'scan', from.caller, (executor) => {
    if (options.flushed === 'wait') barrier.pass(executor, id);
    return readChildren(executor, id, options, options.flushed ? undefined : barrier);
  });
}

function readChildren(
  executor: Executor,
  id: number,
  options: PageOptions,
  barrier: FlushBarrier | undefined,
): ChildrenPage {
  const { shared, kernel, base } = executor;
  const { after, limit } = options;
  const record = base + EXECUTOR.RECORD;
  const children: RecordFields[] = [];
  const scan = new ChildScan(executor);
  scan.open(id, { name: after ?? NO_NAME, inclusive: after === undefined }, barrier);
  try {
    while (scan.next()) {
      if (children.length === limit) return { children, next: children.at(-1)!.name };
      const { keyAt, keyBytes, valueAt, valueBytes } = scan;
      if (kernel.decodeRecord(keyAt, keyBytes, valueAt, valueBytes, record) === 0) {
        throw scan.damage();
      }
      children.push(readRecord(shared.view, record));
    }
    return { children, next: undefined };
  } finally {
    scan.close();
  }
}
