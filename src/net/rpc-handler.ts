/**
 * The contract between the edge and the floor below it. The edge hands over well-formed requests of
 * known callers; the floor below answers through a ReplyPort, now or in a later turn.
 */
import type { Code, StatusError } from '../base/status.js';
import type { RequestCursor } from '../wire/request-cursor.js';

/** One caller: one for each WebSocket connection, further session, or HTTP request. */
export type Session = {
  readonly clientId: number;
  readonly user: string;
  readonly groups: readonly string[];
  readonly clientName: string;
  /** The address that it comes from (source-address.ts). */
  readonly source?: string | undefined;
  /** False once the session or its connection is gone. */
  readonly open: boolean;
  /** For the floor below: what it has worked out about this caller. */
  attachment: unknown;
};

/**
 * Where the replies to one call go. A call is over with end() or fail(); until then it counts as in
 * flight. Within handle() a port that has ended must not be kept: the edge uses it again.
 */
export type ReplyPort = {
  readonly session: Session;
  readonly call: number;
  /** The caller has cancelled or is gone: whatever is sent goes nowhere. */
  readonly aborted: boolean;
  /** Called after send() returned false, when the reader has caught up. */
  onDrain: (() => void) | undefined;
  /** Called once when the caller cancels or goes away before the end. */
  onAbort: (() => void) | undefined;
  /** Copies at once. False: the frame is taken, but stop until onDrain (for good if aborted). */
  send(bytes: Uint8Array): boolean;
  /** The last reply, if it has not been sent yet; `code`: what it says, OK when absent. */
  end(bytes?: Uint8Array, code?: Code): void;
  fail(error: StatusError): void;
};

/** The fast path for common requests: kernels that check every byte they read of a frame. */
export type FastPath = {
  /** Reads only the call number of a request frame; -1: malformed. Copies the bytes. */
  open(frame: Uint8Array): number;
  /** The session number of this request; 0: the connection's own session. */
  readonly session: number;
  /** The number of the operation that open() looked at last. */
  readonly operation: number;
  /**
   * Serves the frame that open() read last. False: nothing has happened, and handle() must serve
   * it.
   */
  serve(session: Session, reply: ReplyPort): boolean;
};

export type RpcHandler = {
  /** Tried first for every frame of a session that has said Hello. */
  readonly fast?: FastPath;
  /** `request` and its bytes are valid only during the call. Expected failures may be thrown. */
  handle(session: Session, request: RequestCursor, reply: ReplyPort): void;
  /** After the ports of the session have been aborted. */
  closed?(session: Session): void;
};
