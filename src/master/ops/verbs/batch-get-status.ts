/**
 * batchGetStatus: the status of many paths in one call, each with its own outcome. Each path needs
 * the same permissions as for getStatus. It is not one state of the tree: each path is as it was
 * when it was looked at.
 */
import { StatusError } from '../../../base/status.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { Bits } from '../../memory/kernel-constants.js';
import { checkBits } from '../mechanism/access.js';
import { attributesOf } from '../mechanism/attributes.js';
import { FlushBarrier } from '../mechanism/flush-barrier.js';
import { type Asked, type LoadType, nothingAsked } from '../mechanism/loading.js';
import {
  type Attributes,
  pathText,
  Read,
  requireStanding,
  resolveFound,
  walkSeq,
} from '../mechanism/read.js';

export type BatchGetStatusOptions = {
  readonly paths: readonly Uint8Array[];
  readonly load: LoadType;
  readonly withAttributes: boolean;
};

/** Gets the outcomes in the order of the paths, then end(); begin() starts again. */
export interface BatchSink {
  begin(executor: Executor, withAttributes: boolean): void;
  add(executor: Executor, record: number, attributes: Attributes | undefined): void;
  addError(executor: Executor, error: StatusError): void;
  end(executor: Executor, seq: number): void;
  fail(error: StatusError): void;
}

export class BatchGetStatus extends Read<BatchSink> {
  readonly name = 'batchGetStatus';
  readonly #options: BatchGetStatusOptions;
  readonly #asked: readonly Asked[];
  readonly #barrier = new FlushBarrier();

  constructor(caller: Caller, callId: number, options: BatchGetStatusOptions, sink: BatchSink) {
    super(caller, callId, sink);
    this.#options = options;
    this.#asked = options.paths.map(nothingAsked);
  }

  protected read(executor: Executor): void {
    const { paths, withAttributes } = this.#options;
    this.sink.begin(executor, withAttributes);
    /** Stores are asked for all paths at once, not one after the other. */
    const loads: Promise<unknown>[] = [];
    let seq = 0;
    for (let i = 0; i < paths.length; i++) {
      try {
        seq = Math.max(seq, this.#one(executor, i));
      } catch (reason) {
        if (reason instanceof StatusError) this.sink.addError(executor, reason);
        else if (reason instanceof Park && reason.reason.kind === 'work') {
          loads.push(reason.reason.done);
        } else throw reason;
      }
    }
    // A load that fails leaves its path absent; the others have their answers.
    if (loads.length > 0) throw Park.work(Promise.allSettled(loads));
    this.sink.end(executor, seq);
  }

  describe(): string {
    const { paths } = this.#options;
    return `${paths.length} paths from ${paths[0] === undefined ? '-' : pathText(paths[0])}`;
  }

  #one(executor: Executor, index: number): number {
    const { paths, load, withAttributes } = this.#options;
    const { walkA } = executor;
    const how = { load, asked: this.#asked[index]! };
    resolveFound(executor, this.caller, walkA, paths[index]!, how);
    checkBits(executor, this.caller, walkA, walkA.depth, Bits.READ);
    const seq = walkSeq(executor, walkA);
    let attributes: Attributes | undefined;
    if (withAttributes) {
      attributes = attributesOf(executor, walkA, this.#barrier);
      requireStanding(executor, walkA);
    }
    this.sink.add(executor, walkA.record, attributes);
    return seq;
  }
}
