/**
 * Pages of all that is below a directory, depth first, entries with their whole paths.
 */
import { assert } from '../../../base/assert.js';
import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { EXECUTOR } from '../../memory/layout.js';
import { beginsWith } from './child-scan.js';
import { CursorKind, type ListPages, type PageEnd } from './list-pages.js';
import type { TreeScan } from './tree-scan.js';

const SLASH = 0x2f;
const ENDS_EARLY: PageEnd = { kind: CursorKind.AFTER, text: new Uint8Array(0) };

export type TreeListing = {
  /** Bytes of the listed directory's path and of the slash behind it. */
  readonly baseBytes: number;
  /** Of the path below the listed directory. */
  readonly prefix: Uint8Array;
  /** A page may end before it is full if the next directory must be waited for. */
  readonly endsEarly: boolean;
};

export class TreePages implements ListPages {
  readonly fileCount = -1;
  readonly #scan: TreeScan;
  readonly #listing: TreeListing;

  constructor(scan: TreeScan, listing: TreeListing) {
    this.#scan = scan;
    this.#listing = listing;
  }

  addEntries(executor: Executor, entriesMax: number): PageEnd | undefined {
    const begin = this.#scan.position();
    executor.kernel.listBegin();
    try {
      const end = this.#fill(executor, entriesMax);
      this.#scan.forgetAsked();
      return end;
    } catch (reason) {
      if (!(reason instanceof Park)) throw reason;
      if (this.#listing.endsEarly && executor.kernel.pageCount() > 0) return ENDS_EARLY;
      // If every page but the last must be full, this one starts again.
      this.#scan.goBack(begin);
      throw reason;
    } finally {
      this.#scan.pause();
    }
  }

  #fill(executor: Executor, entriesMax: number): PageEnd | undefined {
    const scan = this.#scan;
    const { kernel } = executor;
    const record = executor.base + EXECUTOR.RECORD;
    let count = 0;
    while (scan.next(executor)) {
      if (!this.#matches(executor)) {
        if (this.#mayMatchBelow(executor)) scan.descend(executor);
        continue;
      }
      const full = count >= entriesMax || kernel.listAdd(record, scan.pathAt, scan.pathBytes) === 0;
      if (full) {
        assert(count > 0, 'a page takes at least one entry');
        const text = this.#relativePath(executor);
        scan.stepBack();
        return { kind: CursorKind.PATH, text };
      }
      count++;
      scan.descend(executor);
    }
    return undefined;
  }

  #matches(executor: Executor): boolean {
    const { prefix, baseBytes } = this.#listing;
    if (prefix.length === 0) return true;
    const { pathAt, pathBytes } = this.#scan;
    return beginsWith(executor.shared.u8, pathAt + baseBytes, pathBytes - baseBytes, prefix);
  }

  /** The prefix leads through the entry: "a/b" through "a". */
  #mayMatchBelow(executor: Executor): boolean {
    const { prefix } = this.#listing;
    const path = this.#relativePath(executor);
    return prefix[path.length] === SLASH && path.every((byte, i) => byte === prefix[i]);
  }

  #relativePath(executor: Executor): Uint8Array {
    const { pathAt, pathBytes } = this.#scan;
    return executor.shared.u8.slice(pathAt + this.#listing.baseBytes, pathAt + pathBytes);
  }
}
