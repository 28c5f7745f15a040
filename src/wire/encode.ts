/**
 * Builds replies with one reused Builder. A result is valid until the next begin(), so it is sent
 * (and copied by the socket) at once. Generated code does the rest:
 *
 *   const builder = encoder.begin();
 *   const body = PathReply.createPathReply(builder, builder.createString(path));
 *   port.end(encoder.finish(call, ReplyBody.PathReply, body));
 */
import { Builder, type Offset } from 'flatbuffers';
import type { StatusError } from '../base/status.js';
import { Empty, ErrorDetail, Reply, ReplyBody } from './generated/index.js';
import { addFieldWords } from './wide.js';

const INODE_BYTES = 96;
const TWO_32 = 2 ** 32;
/** Of Reply: the first. */
const CALL_FIELD = 0;
const BUILDER_BYTES_INITIAL = 4096;

export type ReplyOptions = {
  /** Journal seq at or after which the answer is true. */
  readonly seq?: number;
  /** Further replies to this call follow. */
  readonly more?: boolean;
  /** The body reports work that failed, wholly or in part. */
  readonly failure?: StatusError;
};

export class ReplyEncoder {
  readonly #builder = new Builder(BUILDER_BYTES_INITIAL);

  begin(): Builder {
    this.#builder.clear();
    return this.#builder;
  }

  /** Ends what begin() started. */
  finish(call: number, type: ReplyBody, body: Offset, options?: ReplyOptions): Uint8Array {
    const builder = this.#builder;
    const failure = options?.failure;
    const detail = failure === undefined ? 0 : writeError(builder, failure);
    Reply.startReply(builder);
    Reply.addCall(builder, call);
    if (failure !== undefined) {
      Reply.addCode(builder, failure.code);
      Reply.addError(builder, detail);
    }
    if (options?.seq !== undefined) Reply.addSeq(builder, options.seq);
    Reply.addBody(builder, body);
    Reply.addBodyType(builder, type);
    if (options?.more === true) Reply.addMore(builder, true);
    builder.finish(Reply.endReply(builder));
    return builder.asUint8Array();
  }

  empty(call: number, options?: ReplyOptions): Uint8Array {
    const builder = this.begin();
    return this.finish(call, ReplyBody.Empty, Empty.createEmpty(builder), options);
  }

  error(call: number, error: StatusError): Uint8Array {
    return this.refusal([Math.floor(call / TWO_32), call | 0], error);
  }

  /** For a call whose number, given as two words, may be too large for a JavaScript number. */
  refusal([high, low]: readonly [number, number], error: StatusError): Uint8Array {
    const builder = this.begin();
    const detail = writeError(builder, error);
    Reply.startReply(builder);
    addFieldWords(builder, CALL_FIELD, high, low);
    Reply.addCode(builder, error.code);
    Reply.addError(builder, detail);
    builder.finish(Reply.endReply(builder));
    return builder.asUint8Array();
  }
}

/** An ErrorDetail table, for replies of their own and for the results of a batch. */
export function writeError(builder: Builder, error: StatusError): Offset {
  const reason = builder.createString(error.message);
  const path = error.path === undefined ? 0 : builder.createString(error.path);
  const hint = error.hint === undefined ? 0 : builder.createString(error.hint);
  ErrorDetail.startErrorDetail(builder);
  ErrorDetail.addReason(builder, reason);
  if (path !== 0) ErrorDetail.addPath(builder, path);
  if (hint !== 0) ErrorDetail.addHint(builder, hint);
  ErrorDetail.addRetryAfterMs(builder, error.retryAfterMs ?? 0);
  return ErrorDetail.endErrorDetail(builder);
}

/**
 * The 96 bytes of a record header as the struct Inode. Structs stand inside their table, so this
 * comes between startFileInfo() and the field's `FileInfo.addInode(builder, offset)`.
 */
export function writeInode(builder: Builder, source: Uint8Array, at: number): Offset {
  builder.prep(8, INODE_BYTES);
  for (let word = at + INODE_BYTES - 4; word >= at; word -= 4) {
    builder.writeInt32(
      source[word]! |
        (source[word + 1]! << 8) |
        (source[word + 2]! << 16) |
        (source[word + 3]! << 24),
    );
  }
  return builder.offset();
}
