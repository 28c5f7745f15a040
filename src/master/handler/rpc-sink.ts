/**
 * The answer of one call on its way to a ReplyPort. FileInfos and pages go as the kernels encode
 * them, directly from shared memory; the shared encoder makes the rest. One for each call.
 */

import type { StatusError } from '../../base/status.js';
import type { ReplyPort } from '../../net/rpc-handler.js';
import type { ReplyEncoder } from '../../wire/encode.js';
import { ExistsReply, PathReply, ReplyBody, Summary } from '../../wire/generated/index.js';
import type { Sink } from '../executor/call.js';
import type { Executor } from '../executor/executor.js';
import { EXECUTOR } from '../memory/layout.js';
import type { XAttrs } from '../memory/xattrs.js';
import type { Attributes, ReadSink } from '../ops/mechanism/read.js';
import type { SummarySink, TreeSummary } from '../ops/verbs/content-summary.js';
import type { PageSink } from '../ops/verbs/list-status.js';
import { writeInfo, writePathFailure, writeProgress, writeXAttrsReply } from './reply-bodies.js';

export class RpcSink implements Sink, ReadSink, PageSink, SummarySink {
  readonly #reply: ReplyPort;
  readonly #encoder: ReplyEncoder;

  constructor(reply: ReplyPort, encoder: ReplyEncoder) {
    this.#reply = reply;
    this.#encoder = encoder;
  }

  info(executor: Executor, record: number, seq: number, attributes?: Attributes): void {
    const { call } = this.#reply;
    if (attributes !== undefined) {
      const builder = this.#encoder.begin();
      const info = writeInfo(builder, executor, record, attributes);
      this.#reply.end(this.#encoder.finish(call, ReplyBody.FileInfo, info, { seq }));
      return;
    }
    const at = executor.base + EXECUTOR.REPLY;
    const bytes = executor.kernel.encodeInfoReply(call, ReplyBody.FileInfo, record, at, seq);
    this.#reply.end(executor.shared.u8.subarray(at, at + bytes));
  }

  empty(seq: number): void {
    this.#reply.end(this.#encoder.empty(this.#reply.call, { seq }));
  }

  exists(exists: boolean, seq: number): void {
    const body = ExistsReply.createExistsReply(this.#encoder.begin(), exists);
    this.#reply.end(this.#encoder.finish(this.#reply.call, ReplyBody.ExistsReply, body, { seq }));
  }

  path(path: string, seq: number): void {
    const builder = this.#encoder.begin();
    const body = PathReply.createPathReply(builder, builder.createString(path));
    this.#reply.end(this.#encoder.finish(this.#reply.call, ReplyBody.PathReply, body, { seq }));
  }

  xattrs(xattrs: XAttrs, seq: number): void {
    const body = writeXAttrsReply(this.#encoder.begin(), xattrs);
    this.#reply.end(this.#encoder.finish(this.#reply.call, ReplyBody.XAttrsReply, body, { seq }));
  }

  page(executor: Executor, frame: number, bytes: number, more: boolean): Promise<void> | undefined {
    const reply = this.#reply;
    const page = executor.shared.u8.subarray(frame, frame + bytes);
    if (!more) {
      reply.end(page);
      return undefined;
    }
    if (reply.send(page) || reply.aborted) return undefined;
    const stop = reply.onAbort;
    return new Promise((resolve) => {
      reply.onDrain = resolve;
      // A stream that nobody reads any more must not wait for its reader.
      reply.onAbort = () => {
        stop?.();
        resolve();
      };
    });
  }

  summary({ files, directories, bytes, leftOut, failures }: TreeSummary, seq: number): void {
    const builder = this.#encoder.begin();
    const rows = failures.map((failure) => writePathFailure(builder, failure));
    const first = Summary.createFailuresVector(builder, rows);
    const body = Summary.createSummary(builder, files, directories, bytes, leftOut, first);
    this.#reply.end(this.#encoder.finish(this.#reply.call, ReplyBody.Summary, body, { seq }));
  }

  progress({ files, directories, bytes }: TreeSummary): void {
    const done = files + directories;
    const progress = { job: 0, done, total: 0, failed: 0, bytes, path: '' };
    const body = writeProgress(this.#encoder.begin(), progress);
    const { call } = this.#reply;
    this.#reply.send(this.#encoder.finish(call, ReplyBody.Progress, body, { more: true }));
  }

  fail(error: StatusError): void {
    this.#reply.fail(error);
  }
}
