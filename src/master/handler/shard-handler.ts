/**
 * What a shard does with a request. A kernel answers common requests from frame to frame within the
 * socket's callback. The others become calls of the shard's scheduler, or go to services.
 *
 *   frame ─▶ EXECUTOR.REQUEST ─▶ kernel ─▶ EXECUTOR.REPLY ─▶ socket      GetStatus, BatchGetStatus
 *        └─▶ kernel ─▶ ring … writer … kernel ─▶ socket            plain creates, deletes, renames
 *        └─▶ maker ─▶ Call ─▶ scheduler ─▶ RpcSink ─▶ socket             anything else, any miss
 *        └─▶ maker ─▶ ShardServices ─▶ … ─▶ socket                       mounts, jobs, reports
 */

import { FRAME_BYTES_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import { internalError } from '../../base/status-form.js';
import type { FastPath, ReplyPort, RpcHandler, Session } from '../../net/rpc-handler.js';
import { ReplyEncoder } from '../../wire/encode.js';
import { RequestBody } from '../../wire/generated/index.js';
import type { RequestCursor } from '../../wire/request-cursor.js';
import type { Call } from '../executor/call.js';
import { RefusedCalls } from '../executor/call-identity.js';
import type { Caller } from '../executor/caller.js';
import type { Executor } from '../executor/executor.js';
import { isReadOnly } from '../executor/read-only.js';
import { callerKeyOf } from '../executor/retry-key.js';
import type { Scheduler } from '../executor/scheduler.js';
import { EXECUTOR, WRITE } from '../memory/layout.js';
import { prepareScans } from '../ops/mechanism/child-scan.js';
import { AdminLane } from './admin-lane.js';
import { readMakers } from './read-requests.js';
import type { Incoming, Makers } from './requests.js';
import { serviceMakers } from './service-requests.js';
import type { ShardServices } from './services.js';
import { writeMakers } from './write-requests.js';

const makers: Makers = { ...readMakers, ...writeMakers, ...serviceMakers };

export type ShardHandlerOptions = {
  readonly scheduler: Scheduler;
  readonly services: ShardServices;
  /** An error that is no StatusError, in a turn of its own. */
  readonly onBug: (error: unknown) => void;
  /** Calls that ended an earlier process. */
  readonly refused?: RefusedCalls;
};

export class ShardHandler implements RpcHandler, FastPath {
  readonly fast: FastPath = this;
  readonly #executor: Executor;
  readonly #scheduler: Scheduler;
  readonly #services: ShardServices;
  readonly #onBug: (error: unknown) => void;
  readonly #encoder = new ReplyEncoder();
  readonly #lane = new AdminLane();
  readonly #requestAt: number;
  readonly #replyAt: number;
  /** Of the frame that open() has copied to the REQUEST block. */
  #openedBytes = 0;
  readonly #refused: RefusedCalls;
  /** The client and number of the request that runs now, for the note of a fatal call; 0 = none. */
  readonly serving = { clientId: 0, callId: 0 };

  constructor(options: ShardHandlerOptions) {
    this.#scheduler = options.scheduler;
    this.#executor = options.scheduler.executor;
    this.#services = options.services;
    this.#onBug = options.onBug;
    this.#refused = options.refused ?? new RefusedCalls([]);
    this.#requestAt = this.#executor.base + EXECUTOR.REQUEST;
    this.#replyAt = this.#executor.base + EXECUTOR.REPLY;
    prepareScans(this.#executor);
  }

  open(frame: Uint8Array): number {
    if (frame.length > FRAME_BYTES_MAX) return -1;
    this.#executor.shared.u8.set(frame, this.#requestAt);
    this.#openedBytes = frame.length;
    return this.#executor.kernel.openCall(frame.length);
  }

  get session(): number {
    const { shared, base } = this.#executor;
    return shared.view.getUint32(base + EXECUTOR.WRITE + WRITE.SESSION, true);
  }

  get operation(): number {
    const { shared, base } = this.#executor;
    return shared.view.getUint32(base + EXECUTOR.WRITE + WRITE.BODY_TYPE, true);
  }

  serve(session: Session, reply: ReplyPort): boolean {
    this.#begin(session, reply);
    const isServed = this.#serve(session, reply);
    this.#executor.checks?.afterCall();
    this.serving.clientId = 0;
    return isServed;
  }

  handle(session: Session, request: RequestCursor, reply: ReplyPort): void {
    this.#begin(session, reply);
    this.#handle(session, request, reply);
    this.serving.clientId = 0;
  }

  #begin({ clientId }: Session, { call }: ReplyPort): void {
    const { serving } = this;
    serving.callId = call;
    serving.clientId = clientId;
    if (!this.#refused.has(serving)) return;
    serving.clientId = 0;
    throw internalError();
  }

  #serve(session: Session, reply: ReplyPort): boolean {
    const bodyType = this.operation;
    const caller = callerOf(session);
    switch (bodyType) {
      case RequestBody.GetStatus:
      case RequestBody.BatchGetStatus:
        return this.#read(bodyType, caller, reply);
      case RequestBody.CreateFile:
        return this.#write('createFile', caller, reply);
      case RequestBody.CreateDirectory:
        return this.#write('createDirectory', caller, reply);
      case RequestBody.Rename:
        return this.#write('rename', caller, reply);
      case RequestBody.Delete:
        return this.#write('delete', caller, reply);
      default:
        return false;
    }
  }

  #handle(session: Session, request: RequestCursor, reply: ReplyPort): void {
    const { bodyType } = request;
    const maker = makers[bodyType];
    if (maker === undefined) throw unknownRequest();
    const calls = maker(this.#incoming(callerOf(session), request, reply));
    if (calls === undefined) return;
    if (Array.isArray(calls)) this.#submitAll(calls as readonly Call[], request, reply);
    else this.#submitOne(calls as Call, request, reply);
  }

  /** From frame to frame, if everything is in tier 1 and the case is common. */
  #read(bodyType: RequestBody, caller: Caller, reply: ReplyPort): boolean {
    const { kernel, shared } = this.#executor;
    this.#executor.setCaller(caller);
    const isBatch = bodyType === RequestBody.BatchGetStatus;
    const bytes = isBatch
      ? kernel.serveBatchGetStatus(this.#openedBytes)
      : kernel.serveGetStatus(this.#openedBytes);
    if (bytes === 0) {
      // If the mounts were missing, the next call has them.
      this.#executor.setMounts();
      return false;
    }
    const frame = isBatch ? kernel.pageFrame() : this.#replyAt;
    // The only refusal of a kernel is a path that does not exist.
    const code = bytes < 0 ? Code.NOT_FOUND : Code.OK;
    reply.end(shared.u8.subarray(frame, frame + Math.abs(bytes)), code);
    return true;
  }

  /** From frame to entry, if the case is common. A write that commits goes on. */
  #write(name: string, caller: Caller, reply: ReplyPort): boolean {
    if (isReadOnly(this.#executor.shared)) return false;
    return this.#scheduler.submitFast(name, caller, this.#openedBytes, reply);
  }

  #incoming(caller: Caller, request: RequestCursor, reply: ReplyPort): Incoming {
    return {
      request,
      caller,
      reply,
      encoder: this.#encoder,
      executor: this.#executor,
      services: this.#services,
      lane: this.#lane,
      onBug: this.#onBug,
    };
  }

  #submitOne(call: Call, request: RequestCursor, reply: ReplyPort): void {
    if (request.deadlineMs > 0) call.deadline = performance.now() + request.deadlineMs;
    // A committing mutation goes on: its change may already be durable.
    reply.onAbort = () => {
      call.cancelled = true;
    };
    this.#scheduler.submit(call);
  }

  #submitAll(calls: readonly Call[], request: RequestCursor, reply: ReplyPort): void {
    const { deadlineMs } = request;
    const deadline = deadlineMs > 0 ? performance.now() + deadlineMs : Number.POSITIVE_INFINITY;
    reply.onAbort = () => {
      for (const call of calls) call.cancelled = true;
    };
    for (const call of calls) {
      call.deadline = deadline;
      this.#scheduler.submit(call);
    }
  }
}

/** One object for each session, so that an executor sees by identity that nothing has changed. */
function callerOf(session: Session): Caller {
  if (session.attachment === undefined) {
    const { user, groups, clientId, source } = session;
    const caller = { user, groups, clientId, source };
    session.attachment = { ...caller, key: callerKeyOf(caller) } satisfies Caller;
  }
  return session.attachment as Caller;
}

function unknownRequest(): StatusError {
  return new StatusError(Code.UNIMPLEMENTED, 'This master does not know the request.', {
    hint: 'Use a client of the same version as the master.',
  });
}
