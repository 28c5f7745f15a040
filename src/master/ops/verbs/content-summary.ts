/**
 * contentSummary: files, directories (including the asked one) and bytes of a tree, as `hdfs dfs
 * -count`. Needs READ and EXECUTE on the directory. Directories that the caller may not list, or
 * whose store fails, are left out, counted and reported. Counts a bounded number of inodes a turn.
 */

import { Code, type PathFailure, type StatusError } from '../../../base/status.js';
import { readU64 } from '../../../base/word64.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { Bits } from '../../memory/kernel-constants.js';
import { EXECUTOR } from '../../memory/layout.js';
import * as R from '../../memory/record.js';
import type { PathWalk } from '../../path/path-walk.js';
import { checkBits } from '../mechanism/access.js';
import { FROM_BEGIN } from '../mechanism/child-scan.js';
import { FlushBarrier } from '../mechanism/flush-barrier.js';
import { type LoadType, nothingAsked } from '../mechanism/loading.js';
import { pathText, Read, resolveFound, walkSeq } from '../mechanism/read.js';
import { TreeScan } from '../mechanism/tree-scan.js';

/** About 2 ms of work. */
const INODES_PER_TURN = 4096;
const PROGRESS_INTERVAL_MS = 250;
const FAILURES_MAX = 10;

export type ContentSummaryOptions = {
  readonly path: Uint8Array;
  readonly load: LoadType;
  readonly progress: boolean;
};

export type TreeSummary = {
  files: number;
  directories: number;
  bytes: number;
  /** Directories whose content is missing in the sums, and why the first of them is. */
  leftOut: number;
  readonly failures: PathFailure[];
};

export interface SummarySink {
  summary(summary: TreeSummary, seq: number): void;
  /** Called from time to time, if progress was asked for. */
  progress(summary: TreeSummary): void;
  fail(error: StatusError): void;
}

export class ContentSummary extends Read<SummarySink> {
  readonly name = 'contentSummary';
  readonly #options: ContentSummaryOptions;
  readonly #asked = nothingAsked();
  readonly #summary: TreeSummary = {
    files: 0,
    directories: 0,
    bytes: 0,
    leftOut: 0,
    failures: [],
  };
  #scan: TreeScan | undefined;
  #seq = 0;
  #toldAt = performance.now();

  constructor(caller: Caller, callId: number, options: ContentSummaryOptions, sink: SummarySink) {
    super(caller, callId, sink);
    this.#options = options;
  }

  protected read(executor: Executor): void {
    if (this.#scan === undefined) {
      const { path, load } = this.#options;
      const { walkA } = executor;
      resolveFound(executor, this.caller, walkA, path, { load, asked: this.#asked });
      this.#seq = walkSeq(executor, walkA);
      if (walkA.isFile(walkA.depth)) {
        checkBits(executor, this.caller, walkA, walkA.depth, Bits.READ);
        this.#count(executor, walkA.record);
        this.sink.summary(this.#summary, this.#seq);
        return;
      }
      this.#scan = this.#begin(executor, walkA);
    }
    if (this.#countSome(executor, this.#scan)) {
      this.#tell();
      throw Park.turn;
    }
    this.sink.summary(this.#summary, this.#seq);
  }

  describe(): string {
    return pathText(this.#options.path);
  }

  #begin(executor: Executor, walk: PathWalk): TreeScan {
    const { depth } = walk;
    checkBits(executor, this.caller, walk, depth, Bits.READ | Bits.EXECUTE);
    this.#summary.directories++;
    const scan = new TreeScan(new FlushBarrier(), this.#options.load, this.#leave);
    const path = new TextEncoder().encode(depth === 0 ? '' : walk.text());
    const loaded = (walk.flags(depth) & R.FLAG_CHILDREN_LOADED) !== 0;
    scan.push({ id: walk.id(depth), path, from: FROM_BEGIN, loaded, asked: false });
    return scan;
  }

  readonly #leave = (path: string, why: StatusError | 'denied'): void => {
    const summary = this.#summary;
    summary.leftOut++;
    if (summary.failures.length === FAILURES_MAX) return;
    if (why === 'denied') {
      const reason = `Permission denied: user=${this.caller.user} may not list "${path}".`;
      summary.failures.push({ path, code: Code.PERMISSION_DENIED, reason });
    } else summary.failures.push({ path, code: why.code, reason: why.message });
  };

  /** False when all is counted. */
  #countSome(executor: Executor, scan: TreeScan): boolean {
    try {
      for (let left = INODES_PER_TURN; left > 0; left--) {
        if (!scan.next(executor)) return false;
        this.#count(executor, executor.base + EXECUTOR.RECORD);
        scan.descend(executor);
      }
      scan.forgetAsked();
      return true;
    } finally {
      scan.pause();
    }
  }

  #count(executor: Executor, record: number): void {
    const { view, u8 } = executor.shared;
    if (u8[record + R.RECORD_TYPE] === R.INODE_TYPE_DIRECTORY) {
      this.#summary.directories++;
      return;
    }
    this.#summary.files++;
    this.#summary.bytes += readU64(view, record + R.RECORD_LENGTH);
  }

  #tell(): void {
    const now = performance.now();
    if (!this.#options.progress || now - this.#toldAt < PROGRESS_INTERVAL_MS) return;
    this.#toldAt = now;
    this.sink.progress(this.#summary);
  }
}
