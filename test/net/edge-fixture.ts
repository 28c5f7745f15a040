/**
 * A handler whose answers the tests steer by path, over a real edge:
 *   GetStatus /now      answered within the callback      /later    in a later turn
 *             /hold     kept in `held` until the test ends it
 *             /missing  throws NOT_FOUND                  /bug      throws a TypeError
 *   GetLocks            streams pages as long as the reader keeps up (see StreamState)
 *   anything else       decoded field by field and answered with Empty
 */
import { Code, StatusError } from '../../src/base/status.js';
import type { ConnectionBudget } from '../../src/net/connection-gate.js';
import { listenRpc, type RpcOptions, type RpcServer } from '../../src/net/listen.js';
import type { ReplyPort, RpcHandler, Session } from '../../src/net/rpc-handler.js';
import { ReplyEncoder } from '../../src/wire/encode.js';
import { JsonReply, ReplyBody, Request, RequestBody } from '../../src/wire/generated/index.js';
import type { RequestCursor } from '../../src/wire/request-cursor.js';

export class SteeredHandler implements RpcHandler {
  readonly held: ReplyPort[] = [];
  readonly sessionsClosed: Session[] = [];
  handled = 0;
  streamPages = 1000;
  streamPageBytes = 16_384;
  /** Pages that the stream has produced. */
  produced = 0;
  /** How often the stream was told to wait. */
  paused = 0;
  streamsAborted = 0;
  lastSession: Session | undefined;
  readonly encoder = new ReplyEncoder();

  handle(session: Session, request: RequestCursor, reply: ReplyPort): void {
    this.handled++;
    this.lastSession = session;
    if (request.bodyType === RequestBody.GetLocks) {
      this.#stream(reply);
      return;
    }
    if (request.bodyType === RequestBody.GetStatus) {
      this.#getStatus(request, reply);
      return;
    }
    const decoded = Request.getRootAsRequest(request.buffer).unpack();
    if (decoded.call !== reply.call) throw new Error('the cursor and the accessors disagree');
    reply.end(this.encoder.empty(reply.call));
  }

  closed(session: Session): void {
    this.sessionsClosed.push(session);
  }

  #getStatus(request: RequestCursor, reply: ReplyPort): void {
    request.string(4);
    const { bytes, textStart, textBytes } = request;
    const path = Buffer.from(bytes.subarray(textStart, textStart + textBytes)).toString();
    if (path === '/missing') throw new StatusError(Code.NOT_FOUND, 'no such path', { path });
    if (path === '/bug') throw new TypeError('a bug of the handler');
    if (path === '/hold') this.held.push(reply);
    else if (path === '/later') setImmediate(() => reply.end(this.encoder.empty(reply.call)));
    else reply.end(this.encoder.empty(reply.call));
  }

  #stream(reply: ReplyPort): void {
    let left = this.streamPages;
    const produce = (): void => {
      while (left > 0) {
        left--;
        this.produced++;
        if (!reply.send(this.page(reply.call, true))) {
          this.paused++;
          return;
        }
      }
      reply.end(this.page(reply.call, false));
    };
    reply.onDrain = produce;
    reply.onAbort = () => {
      this.streamsAborted++;
    };
    produce();
  }

  page(call: number, more: boolean): Uint8Array {
    const builder = this.encoder.begin();
    const text = builder.createString('x'.repeat(this.streamPageBytes));
    return this.encoder.finish(
      call,
      ReplyBody.JsonReply,
      JsonReply.createJsonReply(builder, text),
      { more },
    );
  }
}

export type Fixture = {
  readonly server: RpcServer;
  readonly handler: SteeredHandler;
  readonly bugs: unknown[];
};

/** A budget of this thread alone; one connection beyond it is accepted, to be told. */
export function connectionsUpTo(max: number): ConnectionBudget & { readonly open: number } {
  let open = 0;
  return {
    get open() {
      return open;
    },
    enter: () => open <= max && ++open > 0,
    leave: () => void open--,
    isFull: () => open > max,
  };
}

export async function startEdge(
  limits: RpcOptions['limits'] = {},
  connections?: ConnectionBudget,
): Promise<Fixture> {
  const handler = new SteeredHandler();
  const bugs: unknown[] = [];
  const server = await listenRpc({
    port: 0,
    host: '127.0.0.1',
    handler,
    limits,
    ...(connections && { connections }),
    serverVersion: '0.1.0-test',
    clusterId: 'test-cluster',
    onBug: (error) => bugs.push(error),
  });
  return { server, handler, bugs };
}
