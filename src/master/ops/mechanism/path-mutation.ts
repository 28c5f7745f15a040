/**
 * Shared by mutations of one path: the path, the sink of the outcome, and the answer. A call that
 * made or changed one inode answers with its record; others answer with the seq only.
 */
import type { StatusError } from '../../../base/status.js';
import { writeWord64 } from '../../../base/word64.js';
import { Mutation, type Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { RECORD_SEQ } from '../../memory/record.js';
import type { PathWalk } from '../../path/path-walk.js';
import { type Asked, nothingAsked } from './loading.js';

const decoder = new TextDecoder();

export abstract class PathMutation extends Mutation {
  protected readonly path: Uint8Array;
  protected readonly sink: Sink;
  /** What this call has asked the path's store. */
  protected readonly asked: Asked = nothingAsked();
  /** Offset in the entry of the record for the answer; 0: the answer is only the seq. */
  protected recordAt = 0;

  constructor(caller: Caller, callId: number, path: Uint8Array, sink: Sink) {
    super(caller, callId);
    this.path = path;
    this.sink = sink;
  }

  override complete(executor: Executor, entry: number, seq: number): void {
    if (this.recordAt === 0) {
      this.sink.empty(seq);
      return;
    }
    const record = entry + this.recordAt;
    writeWord64(executor.shared.view, record + RECORD_SEQ, seq);
    this.sink.info(executor, record, seq);
  }

  protected repeat(_executor: Executor, _inodeId: number, seq: number): void {
    this.sink.empty(seq);
  }

  override fail(error: StatusError): void {
    this.sink.fail(error);
  }

  override describe(): string {
    return decoder.decode(this.path);
  }
}

/** Adds: the directory at `node` has `delta` children more, and was changed now. */
export function touchDirectory(
  executor: Executor,
  walk: PathWalk,
  node: number,
  change: { readonly now: number; readonly delta: number },
): void {
  executor.ring.entry.parent(
    walk.parentId(node),
    walk.id(node),
    change.now,
    change.delta,
    executor.shared.u8,
    walk.nameAt(node),
    walk.nameBytes(node),
  );
}
