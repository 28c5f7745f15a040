/**
 * getStatus and exists. The caller needs EXECUTE on the directories above; for getStatus also
 * READ on the inode itself, as Alluxio has it (POSIX would be content without).
 * Nothing is locked: the walk saw one state of the tree, by its seqlocks.
 */
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Bits } from '../../memory/kernel-constants.js';
import { checkBits } from '../mechanism/access.js';
import { attributesOf } from '../mechanism/attributes.js';
import { FlushBarrier } from '../mechanism/flush-barrier.js';
import { type LoadType, nothingAsked } from '../mechanism/loading.js';
import {
  pathText,
  Read,
  type ReadSink,
  requireStanding,
  resolveFound,
  resolveVisible,
  walkSeq,
} from '../mechanism/read.js';

export type GetStatusOptions = {
  readonly path: Uint8Array;
  readonly load: LoadType;
  /** Path, place in the store and xattrs too. */
  readonly withAttributes: boolean;
};

export class GetStatus extends Read<Pick<ReadSink, 'info' | 'fail'>> {
  readonly name = 'getStatus';
  readonly #options: GetStatusOptions;
  readonly #asked = nothingAsked();
  readonly #barrier = new FlushBarrier();

  constructor(
    caller: Caller,
    callId: number,
    options: GetStatusOptions,
    sink: Pick<ReadSink, 'info' | 'fail'>,
  ) {
    super(caller, callId, sink);
    this.#options = options;
  }

  protected read(executor: Executor): void {
    const { path, load, withAttributes } = this.#options;
    const { walkA } = executor;
    resolveFound(executor, this.caller, walkA, path, { load, asked: this.#asked });
    checkBits(executor, this.caller, walkA, walkA.depth, Bits.READ);
    const seq = walkSeq(executor, walkA);
    if (!withAttributes) {
      this.sink.info(executor, walkA.record, seq);
      return;
    }
    const attributes = attributesOf(executor, walkA, this.#barrier);
    requireStanding(executor, walkA);
    this.sink.info(executor, walkA.record, seq, attributes);
  }

  describe(): string {
    return pathText(this.#options.path);
  }
}

export type ExistsOptions = Omit<GetStatusOptions, 'withAttributes'>;

export class Exists extends Read<Pick<ReadSink, 'exists' | 'fail'>> {
  readonly name = 'exists';
  readonly #options: ExistsOptions;
  readonly #asked = nothingAsked();

  constructor(
    caller: Caller,
    callId: number,
    options: ExistsOptions,
    sink: Pick<ReadSink, 'exists' | 'fail'>,
  ) {
    super(caller, callId, sink);
    this.#options = options;
  }

  protected read(executor: Executor): void {
    const { path, load } = this.#options;
    const { walkA } = executor;
    resolveVisible(executor, this.caller, walkA, path, { load, asked: this.#asked });
    this.sink.exists(walkA.found, walkSeq(executor, walkA));
  }

  describe(): string {
    return pathText(this.#options.path);
  }
}
