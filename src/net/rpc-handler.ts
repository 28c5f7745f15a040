/**
 * The contract between the edge and the floor below it. The edge hands over well-formed requests of
 * known callers; the floor below answers through a ReplyPort, now or in a later turn.
 */
import type { Code, StatusError } from '../base/status.js';
import type { RequestCursor } from '../wire/request-cursor.js';

/** Who speaks. One a WebSocket connection and one for each it opens beside; one an HTTP request. */
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
  /** Called when send() has answered false and the reader has caught up. */
  onDrain: (() => void) | undefined;
  /** Called once when the caller cancels or goes away before the end. */
  onAbort: (() => void) | undefined;
  /** Copies at once. False: taken, but stop until onDrain (or for good when aborted). */
  send(bytes: Uint8Array): boolean;
  /** The last reply, if it has not been sent yet; `code`: what it says, OK when absent. */
  end(bytes?: Uint8Array, code?: Code): void;
  fail(error: StatusError): void;
};

/** The way of the common requests, by kernels that check what they read of a frame. */
export type FastPath = {
  /** The call number of a request frame, looked at only so far; -1: not sound. Copies the bytes. */
  open(frame: Uint8Array): number;
  /** The number of the session that this request is of; 0: the connection's own. */
  readonly session: number;
  /** The number of the operation that open() looked at last. */
  readonly operation: number;
  /** Serves what open() looked at last. False: nothing has happened, and handle() must do it. */
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
