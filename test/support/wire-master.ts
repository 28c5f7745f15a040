/**
 * A fixture behind its RpcHandler: requests come as frames, replies go as frames, and all are
 * verified, but there is no socket. Requests of tests go the same way as those of a shard.
 */
import { ByteBuffer } from 'flatbuffers';
import type { StatusError } from '../../src/base/status.js';
import { Code, StatusError as Failure } from '../../src/base/status.js';
import type { Caller } from '../../src/master/executor/caller.js';
import type { ShardServices } from '../../src/master/handler/services.js';
import { ShardHandler } from '../../src/master/handler/shard-handler.js';
import type { ReplyPort, Session } from '../../src/net/rpc-handler.js';
import { ReplyEncoder } from '../../src/wire/encode.js';
import * as wire from '../../src/wire/generated/index.js';
import { checkRequest } from '../../src/wire/request-check.js';
import { RequestCursor } from '../../src/wire/request-cursor.js';
import { Verdict, verifyReply, verifyRequest } from '../../src/wire/verify.js';
import { encodeRequest } from '../wire/samples.js';
import { Fixture, type FixtureOptions } from './fixture.js';

type BodyName = keyof typeof wire.RequestBody;

/** Keeps every frame, and can play a reader that is slow. */
export class CollectingPort implements ReplyPort {
  readonly session: Session;
  readonly call: number;
  readonly replies: wire.ReplyT[] = [];
  aborted = false;
  ended = false;
  /** send() answers false after each frame until drain(). */
  slow = false;
  frameBytes = 0;
  onDrain: (() => void) | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;
  readonly #encoder = new ReplyEncoder();

  constructor(session: Session, call: number) {
    this.session = session;
    this.call = call;
  }

  send(bytes: Uint8Array): boolean {
    if (this.ended || this.aborted) return false;
    this.#keep(bytes);
    return !this.slow;
  }

  end(bytes?: Uint8Array): void {
    if (this.ended) return;
    this.ended = true;
    if (bytes !== undefined && !this.aborted) this.#keep(bytes);
  }

  fail(error: StatusError): void {
    this.end(this.#encoder.error(this.call, error));
  }

  abort(): void {
    this.aborted = true;
    this.onAbort?.();
  }

  #keep(bytes: Uint8Array): void {
    const frame = Uint8Array.from(bytes);
    this.frameBytes += frame.length;
    if (verifyReply(frame) !== Verdict.VALID) throw new Error('a reply is not well-formed');
    this.replies.push(wire.Reply.getRootAsReply(new ByteBuffer(frame)).unpack());
  }
}

const refuse = (what: string) => () =>
  Promise.reject(new Failure(Code.UNIMPLEMENTED, `${what} is not part of this fixture`));

export const noServices: ShardServices = {
  mount: refuse('mount'),
  unmount: refuse('unmount'),
  updateMount: refuse('updateMount'),
  setAttributes: refuse('setAttributes'),
  load: refuse('load'),
  getJob: refuse('getJob'),
  cancelJob: refuse('cancelJob'),
  listJobs: refuse('listJobs'),
  trash: refuse('trash'),
  inspect: refuse('inspect'),
  report: refuse('report'),
};

export class WireMaster {
  readonly fixture: Fixture;
  handler: ShardHandler;
  /** Off: every request takes the slow path, through the operations. */
  fast = true;
  readonly #services: ShardServices;
  readonly #cursor = new RequestCursor();
  readonly #sessions = new Map<Caller, Session>();
  #call = 0;

  constructor(options: Partial<FixtureOptions> = {}, services: ShardServices = noServices) {
    this.fixture = Fixture.open(options);
    this.#services = services;
    this.handler = this.#newHandler();
  }

  /** Hands a request over; the port may have ended already. */
  send(
    name: BodyName,
    body: wire.RequestT['body'],
    how: { caller?: Caller; slow?: boolean; call?: number; deadlineMs?: number } = {},
  ): CollectingPort {
    const call = how.call ?? ++this.#call;
    return this.sendFrame(encodeRequest(call, name, body, how.deadlineMs), how);
  }

  /** As send(), of a frame that is well-formed, whatever its fields hold. */
  sendFrame(frame: Uint8Array, how: { caller?: Caller; slow?: boolean } = {}): CollectingPort {
    const session = this.#sessionOf(how.caller ?? this.fixture.root);
    if (verifyRequest(frame) !== Verdict.VALID) throw new Error('the test sends a bad frame');
    const refusal = checkRequest(frame);
    this.#cursor.move(frame);
    const port = new CollectingPort(session, this.#cursor.call);
    port.slow = how.slow ?? false;
    try {
      const opened = this.fast ? this.handler.open(frame) : -1;
      if (opened >= 0 && this.handler.serve(session, port)) {
        if (refusal !== undefined) throw new Error(`a kernel took it: ${refusal.message}`);
        return port;
      }
      if (refusal !== undefined) throw refusal;
      this.handler.handle(session, this.#cursor, port);
    } catch (error) {
      // As the edge does it.
      if (!(error instanceof Failure)) throw error;
      port.fail(error);
    }
    return port;
  }

  /** The last reply's body; rejects with the StatusError that the reply tells. */
  async ask<T>(
    name: BodyName,
    body: wire.RequestT['body'],
    how: { caller?: Caller; call?: number } = {},
  ): Promise<T> {
    const port = this.send(name, body, how);
    await this.fixture.until(() => port.ended);
    return bodyOf<T>(port.replies.at(-1)!);
  }

  async restart(how: { readonly flushed?: boolean } = {}): Promise<void> {
    await this.fixture.restart(how);
    this.handler = this.#newHandler();
  }

  close(): Promise<void> {
    return this.fixture.close();
  }

  #newHandler(): ShardHandler {
    return new ShardHandler({
      scheduler: this.fixture.schedulers[0]!,
      services: this.#services,
      onBug: (error) => {
        throw error;
      },
    });
  }

  #sessionOf(caller: Caller): Session {
    const known = this.#sessions.get(caller);
    if (known !== undefined) return known;
    const { user, groups, clientId } = caller;
    const session = { user, groups, clientId, clientName: 't', open: true, attachment: undefined };
    this.#sessions.set(caller, session);
    return session;
  }
}

export function bodyOf<T>(reply: wire.ReplyT): T {
  if (reply.code === 0) return reply.body as T;
  const { reason, path, hint, retryAfterMs } = reply.error ?? new wire.ErrorDetailT();
  throw new Failure(reply.code as Code, String(reason), {
    path: String(path ?? ''),
    hint: String(hint ?? ''),
    retryAfterMs,
  });
}
