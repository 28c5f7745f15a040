/**
 * Pages of the children of one directory: a range scan straight into reply frames,
 * without an object for an entry.
 *
 * Between pages it holds only the directory's id and a name. So a stream goes on when the directory
 * is renamed, as readdir(3) does. Entries that stay are given exactly once, because names come in
 * order. Entries that come or go meanwhile may show or not.
 */
import type { Executor } from '../../executor/executor.js';
import { beginsWith, ChildScan, type From } from './child-scan.js';
import type { FlushBarrier } from './flush-barrier.js';
import { CursorKind, type ListPages, type PageEnd } from './list-pages.js';

const NOT_ADDED = 0;

export class DirectoryPages implements ListPages {
  readonly fileCount: number;
  readonly #directoryId: number;
  readonly #prefix: Uint8Array;
  readonly #barrier: FlushBarrier;
  #from: From;

  constructor(
    directory: { readonly id: number; readonly fileCount: number },
    from: From,
    prefix: Uint8Array,
    barrier: FlushBarrier,
  ) {
    this.#directoryId = directory.id;
    this.fileCount = directory.fileCount;
    this.#from = laterOf(from, prefix);
    this.#prefix = prefix;
    this.#barrier = barrier;
  }

  addEntries(executor: Executor, entriesMax: number): PageEnd | undefined {
    const { kernel, shared } = executor;
    const scan = new ChildScan(executor);
    scan.open(this.#directoryId, this.#from, this.#barrier);
    const prefix = this.#prefix;
    kernel.listBegin();
    try {
      for (let count = 0; scan.next(); count++) {
        if (prefix.length > 0 && !beginsWith(shared.u8, scan.nameAt, scan.nameBytes, prefix)) break;
        if (count < entriesMax) {
          const { keyAt, keyBytes, valueAt, valueBytes } = scan;
          const added = kernel.listAddPair(keyAt, keyBytes, valueAt, valueBytes);
          if (added < 0) throw scan.damage();
          if (added !== NOT_ADDED) continue;
        }
        this.#from = { name: scan.name(), inclusive: true };
        return { kind: CursorKind.NAME, text: this.#from.name };
      }
      return undefined;
    } finally {
      scan.close();
    }
  }
}

/** A scan with a prefix begins at the prefix, unless it is already further. */
function laterOf(from: From, prefix: Uint8Array): From {
  return compareBytes(from.name, prefix) >= 0 ? from : { name: prefix, inclusive: true };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
