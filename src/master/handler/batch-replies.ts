/**
 * BatchReply frames: for batchGetStatus row by row while the paths are looked at, and for
 * batchCreate when the last of its creates has ended.
 */
import type { Builder, Offset } from 'flatbuffers';
import { assert } from '../../base/assert.js';
import { FRAME_BYTES_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import type { ReplyPort } from '../../net/rpc-handler.js';
import { type ReplyEncoder, writeError } from '../../wire/encode.js';
import { BatchReply, ReplyBody, Result } from '../../wire/generated/index.js';
import type { Sink } from '../executor/call.js';
import type { Executor } from '../executor/executor.js';
import { EXECUTOR } from '../memory/layout.js';
import { RECORD_NAME, RECORD_NAME_LEN } from '../memory/record.js';
import type { Attributes } from '../ops/mechanism/read.js';
import type { BatchSink } from '../ops/verbs/batch-get-status.js';
import { writeInfo } from './reply-bodies.js';

/** Bytes of a reason or a path in a row: 1,024 rows of the longest texts would not fit a frame. */
const TEXT_BYTES_MAX = 256;
/** Bytes of a frame of rows with attributes that are reserved for its last refusals. */
const TAIL_BYTES = 128 * 1024;
const encoder = new TextEncoder();

/** Outcomes of batchGetStatus, in order. */
export class RpcBatchSink implements BatchSink {
  readonly #reply: ReplyPort;
  readonly #encoder: ReplyEncoder;
  /** Rows with attributes, which no kernel encodes. Built and sent within one turn. */
  #builder: Builder | undefined;
  #rows: Offset[] = [];

  constructor(reply: ReplyPort, replies: ReplyEncoder) {
    this.#reply = reply;
    this.#encoder = replies;
  }

  begin(executor: Executor, withAttributes: boolean): void {
    this.#rows = [];
    this.#builder = withAttributes ? this.#encoder.begin() : undefined;
    if (!withAttributes) executor.kernel.batchBegin();
  }

  add(executor: Executor, record: number, attributes: Attributes | undefined): void {
    const builder = this.#builder;
    if (builder === undefined || attributes === undefined) {
      addRecord(executor, record);
      return;
    }
    if (builder.offset() > FRAME_BYTES_MAX - TAIL_BYTES) {
      this.addError(executor, tooLarge());
      return;
    }
    const info = writeInfo(builder, executor, record, attributes);
    Result.startResult(builder);
    Result.addInfo(builder, info);
    this.#rows.push(Result.endResult(builder));
  }

  addError(executor: Executor, error: StatusError): void {
    const builder = this.#builder;
    if (builder === undefined) {
      addRefusal(executor, error);
      return;
    }
    const detail = writeError(builder, error);
    Result.startResult(builder);
    Result.addCode(builder, error.code);
    Result.addError(builder, detail);
    this.#rows.push(Result.endResult(builder));
  }

  end(executor: Executor, seq: number): void {
    const { call } = this.#reply;
    const builder = this.#builder;
    if (builder === undefined) {
      const bytes = executor.kernel.batchFinish(call, seq);
      const frame = executor.kernel.pageFrame();
      this.#reply.end(executor.shared.u8.subarray(frame, frame + bytes));
      return;
    }
    const results = BatchReply.createResultsVector(builder, this.#rows);
    const body = BatchReply.createBatchReply(builder, results);
    this.#reply.end(this.#encoder.finish(call, ReplyBody.BatchReply, body, { seq }));
  }

  fail(error: StatusError): void {
    this.#reply.fail(error);
  }
}

/** Outcomes of n calls that end in any order and in different turns. */
export class CollectingReply {
  readonly #reply: ReplyPort;
  readonly #executor: Executor;
  /** A copy of the record, or the failure; undefined: not ended yet. */
  readonly #outcomes: (Uint8Array | StatusError | undefined)[];
  #open: number;
  #seq = 0;

  constructor(reply: ReplyPort, executor: Executor, count: number) {
    this.#reply = reply;
    this.#executor = executor;
    this.#outcomes = new Array<undefined>(count).fill(undefined);
    this.#open = count;
    if (count === 0) this.#finish();
  }

  sinkFor(index: number): Sink {
    return {
      info: (executor, record, seq) => {
        const { u8 } = executor.shared;
        const end = record + RECORD_NAME + u8[record + RECORD_NAME_LEN]!;
        this.#settle(index, u8.slice(record, end), seq);
      },
      empty: (seq) => this.#settle(index, movedSince(), seq),
      fail: (error) => this.#settle(index, error, 0),
    };
  }

  #settle(index: number, outcome: Uint8Array | StatusError, seq: number): void {
    assert(this.#outcomes[index] === undefined, 'a call answers once');
    this.#outcomes[index] = outcome;
    this.#seq = Math.max(this.#seq, seq);
    if (--this.#open === 0) this.#finish();
  }

  #finish(): void {
    const { kernel, shared, base } = this.#executor;
    const record = base + EXECUTOR.RECORD;
    kernel.batchBegin();
    for (const outcome of this.#outcomes) {
      if (outcome instanceof StatusError) {
        addRefusal(this.#executor, outcome);
      } else if (outcome !== undefined) {
        shared.u8.set(outcome, record);
        addRecord(this.#executor, record);
      }
    }
    const bytes = kernel.batchFinish(this.#reply.call, this.#seq);
    const frame = kernel.pageFrame();
    this.#reply.end(shared.u8.subarray(frame, frame + bytes));
  }
}

function addRecord(executor: Executor, record: number): void {
  if (executor.kernel.batchAdd(record) === 0) addRefusal(executor, tooLarge());
}

function addRefusal(executor: Executor, error: StatusError): void {
  const { kernel, shared, base } = executor;
  const reasonAt = base + EXECUTOR.REQUEST;
  const pathAt = reasonAt + TEXT_BYTES_MAX;
  const reason = put(shared.u8, reasonAt, error.message);
  const path = put(shared.u8, pathAt, error.path ?? '');
  const added = kernel.batchAddError(error.code, reasonAt, reason, pathAt, path);
  assert(added === 1, 'a frame has room for the shortened refusals of a whole batch');
}

/** Writes at most TEXT_BYTES_MAX bytes of whole characters; returns how many. */
function put(u8: Uint8Array, at: number, text: string): number {
  const bytes = new Uint8Array(TEXT_BYTES_MAX);
  const { written } = encoder.encodeInto(text, bytes);
  u8.set(bytes.subarray(0, written), at);
  return written;
}

function tooLarge(): StatusError {
  return new StatusError(Code.RESOURCE_EXHAUSTED, 'The answer of the batch is too large.', {
    hint: 'Ask for fewer paths at once.',
  });
}

function movedSince(): StatusError {
  return new StatusError(Code.ABORTED, 'It was created, and has been moved or deleted since.', {
    hint: 'Look where it is now.',
  });
}
