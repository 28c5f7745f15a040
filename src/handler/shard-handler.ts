/**
 * What a shard does with a request: the common ones are answered by a kernel from frame to frame
 * within the socket's callback; the rest become calls of the shard's scheduler, or go to others.
 *
 *   frame ─▶ EXECUTOR.REQUEST ─▶ kernel ─▶ EXECUTOR.REPLY ─▶ socket      GetStatus, BatchGetStatus
 *        └─▶ maker ─▶ Call ─▶ scheduler ─▶ RpcSink ─▶ socket             anything else, any miss
 *        └─▶ maker ─▶ ShardServices ─▶ … ─▶ socket                       mounts, jobs, reports
 */
import { CONTROL, EXECUTOR } from '../base/layout.js';
import { Code, StatusError } from '../base/status.js';
import type { Call } from '../executor/call.js';
import type { Caller } from '../executor/caller.js';
import type { Executor } from '../executor/executor.js';
import type { Scheduler } from '../executor/scheduler.js';
import { prepareScans } from '../ops/child-scan.js';
import { ReplyEncoder } from '../protocol/encode.js';
import { RequestBody } from '../protocol/generated/index.js';
import { operationOf } from '../protocol/operations.js';
import type { RequestCursor } from '../protocol/request-cursor.js';
import type { ReplyPort, RpcHandler, Session } from '../rpc/rpc-handler.js';
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
};

export class ShardHandler implements RpcHandler {
  readonly #executor: Executor;
  readonly #scheduler: Scheduler;
  readonly #services: ShardServices;
  readonly #onBug: (error: unknown) => void;
  readonly #encoder = new ReplyEncoder();
  readonly #requestAt: number;
  readonly #replyAt: number;

  constructor(options: ShardHandlerOptions) {
    this.#scheduler = options.scheduler;
    this.#executor = options.scheduler.executor;
    this.#services = options.services;
    this.#onBug = options.onBug;
    this.#requestAt = this.#executor.base + EXECUTOR.REQUEST;
    this.#replyAt = this.#executor.base + EXECUTOR.REPLY;
    prepareScans(this.#executor);
  }

  handle(session: Session, request: RequestCursor, reply: ReplyPort): void {
    const caller = callerOf(session);
    const { bodyType } = request;
    if (bodyType === RequestBody.GetStatus || bodyType === RequestBody.BatchGetStatus) {
      if (this.#serveAtOnce(caller, request, reply)) return;
    }
    const maker = makers[bodyType];
    if (maker === undefined) throw unknownRequest();
    if (this.#executor.shared.load(CONTROL.READ_ONLY) !== 0) refuseWrite(bodyType);
    const calls = maker(this.#incoming(caller, request, reply));
    if (calls === undefined) return;
    if (Array.isArray(calls)) this.#submitAll(calls as readonly Call[], request, reply);
    else this.#submitOne(calls as Call, request, reply);
  }

  /** From frame to frame, when all is in tier 1 and nothing is out of the ordinary. */
  #serveAtOnce(caller: Caller, request: RequestCursor, reply: ReplyPort): boolean {
    const { kernel, shared } = this.#executor;
    const { length } = request.bytes;
    shared.u8.set(request.bytes, this.#requestAt);
    this.#executor.setCaller(caller);
    if (request.bodyType === RequestBody.GetStatus) {
      const bytes = kernel.serveGetStatus(length);
      if (bytes === 0) return false;
      reply.end(shared.u8.subarray(this.#replyAt, this.#replyAt + bytes));
      return true;
    }
    const bytes = kernel.serveBatchGetStatus(length);
    if (bytes === 0) return false;
    const frame = kernel.pageFrame();
    reply.end(shared.u8.subarray(frame, frame + bytes));
    return true;
  }

  #incoming(caller: Caller, request: RequestCursor, reply: ReplyPort): Incoming {
    return {
      request,
      caller,
      reply,
      encoder: this.#encoder,
      executor: this.#executor,
      services: this.#services,
      onBug: this.#onBug,
    };
  }

  #submitOne(call: Call, request: RequestCursor, reply: ReplyPort): void {
    if (request.deadlineMs > 0) call.deadline = performance.now() + request.deadlineMs;
    // A mutation that is committing goes on: its change may be durable already.
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

/** One object a session, so that an executor sees by identity that nothing has changed. */
function callerOf(session: Session): Caller {
  if (session.attachment === undefined) {
    const { user, groups, clientId } = session;
    session.attachment = { user, groups, clientId } satisfies Caller;
  }
  return session.attachment as Caller;
}

function refuseWrite(bodyType: RequestBody): void {
  const operation = operationOf(bodyType);
  if (operation?.kind !== 'write' || operation.lane === 'admin') return;
  throw new StatusError(
    Code.FAILED_PRECONDITION,
    'The master is read-only: its disk is full, or less is free than ORCHARD_DISK_RESERVE_BYTES.',
    {
      hint:
        "Free disk space under the master's data directory (`orchard admin report` shows how " +
        'much); it then goes on by itself.',
    },
  );
}

function unknownRequest(): StatusError {
  return new StatusError(Code.UNIMPLEMENTED, 'this master does not know the request', {
    hint: 'Use a client of the same version as the master.',
  });
}
