/**
 * Shared by the reading operations: they take no locks and write no entry. They answer at once, or
 * park and start again.
 */

import type { StatusError } from '../../../base/status.js';
import { readU64 } from '../../../base/word64.js';
import { Call } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { NODE, NODE_BYTES, WALK } from '../../memory/layout.js';
import type { XAttrs } from '../../memory/xattrs.js';
import type { PathWalk } from '../../path/path-walk.js';
import { checkTraverse } from './access.js';
import { isBelowFile, requireFound } from './failures.js';
import { type Asked, awaitPath, type LoadType } from './loading.js';

/** What a FileInfo can tell besides the record. */
export type Attributes = {
  readonly path: string;
  /** Where the store has it, and the store itself; absent where nothing is mounted. */
  readonly ufsPath?: string;
  readonly mountUri?: string;
  readonly xattrs?: XAttrs;
};

/** Where a read's outcome goes. Exactly one of its methods is called, once. */
export interface ReadSink {
  /** A FileInfo of the record at a byte offset of shared memory; read at once. */
  info(executor: Executor, record: number, seq: number, attributes?: Attributes): void;
  exists(exists: boolean, seq: number): void;
  path(path: string, seq: number): void;
  xattrs(xattrs: XAttrs, seq: number): void;
  empty(seq: number): void;
  fail(error: StatusError): void;
}

export abstract class Read<S extends Pick<ReadSink, 'fail'> = ReadSink> extends Call {
  protected readonly sink: S;

  constructor(caller: Caller, callId: number, sink: S) {
    super(caller, callId);
    this.sink = sink;
  }

  /** Answers, or throws StatusError or Park. */
  protected abstract read(executor: Executor): void;

  override attempt(executor: Executor): boolean {
    executor.setCaller(this.caller);
    this.read(executor);
    return true;
  }

  fail(error: StatusError): void {
    this.sink.fail(error);
  }
}

/**
 * Resolves a path as far as the caller may see: EXECUTE on every directory above the end. The path
 * may be absent. Parks while it may be in a store that nobody has asked.
 */
export function resolveVisible(
  executor: Executor,
  caller: Caller,
  walk: PathWalk,
  path: Uint8Array,
  how: { readonly load: LoadType; readonly asked: Asked },
): void {
  executor.resolve(walk, path);
  // Before the store is asked: a caller without permission causes no work there.
  const above = isBelowFile(walk) ? walk.next - 2 : Math.min(walk.next, walk.depth) - 1;
  checkTraverse(executor, caller, walk, above);
  awaitPath(executor, walk, how.load, how.asked);
}

/** The same for a path that must be there. */
export function resolveFound(
  executor: Executor,
  caller: Caller,
  walk: PathWalk,
  path: Uint8Array,
  how: { readonly load: LoadType; readonly asked: Asked },
): void {
  resolveVisible(executor, caller, walk, path, how);
  requireFound(walk);
}

/** After reads beyond the walk: everything read is one state, or the call starts again. */
export function requireStanding(executor: Executor, walk: PathWalk): void {
  if (executor.kernel.walkStands(walk.at) !== 1) throw Park.turn;
}

/** The newest change that the walk saw: any state at or after it gives the same answer. */
export function walkSeq(executor: Executor, walk: PathWalk): number {
  const { view } = executor.shared;
  let seq = 0;
  for (let node = 0; node < walk.next; node++) {
    const at = walk.at + WALK.NODES + node * NODE_BYTES + NODE.SEQ;
    seq = Math.max(seq, readU64(view, at));
  }
  return seq;
}

const decoder = new TextDecoder();

/** A path as it was asked for, for reports. */
export const pathText = (path: Uint8Array): string => decoder.decode(path);
