/**
 * A master that answers by script: the real edge (src/net) with a handler of the test. It can be
 * stopped and started again on the same port; to a client that looks like a crash.
 */
import { Builder } from 'flatbuffers';
import { StatusError } from '../../src/base/status.js';
import { listenRpc, type RpcServer } from '../../src/net/listen.js';
import type { ReplyPort, Session } from '../../src/net/rpc-handler.js';
import type { RpcLimits } from '../../src/net/rpc-limits.js';
import {
  FileInfoT,
  InodeT,
  InodeType,
  ReplyBody,
  ReplyT,
  Request,
  RequestBody,
  type RequestT,
} from '../../src/wire/generated/index.js';

export type Seen = {
  readonly call: number;
  readonly deadlineMs: number;
  readonly name: string;
  readonly body: Record<string, unknown>;
  readonly clientId: number;
  readonly session: Session;
  aborted: boolean;
};

export type Answer = (seen: Seen, port: ReplyPort) => void;

const nameOf = (type: number): string =>
  Object.entries(RequestBody).find(([, number]) => number === type)?.[0] ?? String(type);

export class FakeMaster {
  readonly seen: Seen[] = [];
  answer: Answer;
  readonly #limits: Partial<RpcLimits>;
  #server: RpcServer | undefined;
  port = 0;

  constructor(answer: Answer, limits: Partial<RpcLimits> = {}) {
    this.answer = answer;
    this.#limits = limits;
  }

  async start(): Promise<this> {
    // The port of a server that was closed gets free a turn later.
    for (let tries = 100; ; tries--) {
      try {
        this.#server = await this.#listen();
        break;
      } catch (error) {
        if (tries === 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    this.port = this.#server.port;
    return this;
  }

  #listen(): Promise<RpcServer> {
    return listenRpc({
      port: this.port,
      host: '127.0.0.1',
      serverVersion: 'fake',
      clusterId: 'cluster-1',
      limits: this.#limits,
      onBug: (error) => {
        throw error;
      },
      handler: {
        handle: (session, cursor, port) => {
          const request = Request.getRootAsRequest(cursor.buffer).unpack();
          const seen = this.#record(session, request);
          port.onAbort = () => {
            seen.aborted = true;
            // As the contract has it: an aborted call is still ended.
            port.end();
          };
          try {
            this.answer(seen, port);
          } catch (error) {
            if (!(error instanceof StatusError)) throw error;
            port.fail(error);
          }
        },
      },
    });
  }

  stop(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  named(name: string): Seen[] {
    return this.seen.filter((seen) => seen.name === name);
  }

  #record(session: Session, { call, deadlineMs, bodyType, body }: RequestT): Seen {
    const seen: Seen = {
      call,
      deadlineMs,
      name: nameOf(bodyType),
      body: body as unknown as Record<string, unknown>,
      clientId: session.clientId,
      session,
      aborted: false,
    };
    this.seen.push(seen);
    return seen;
  }
}

type Body = ReplyT['body'];

export function encodeReply(call: number, body: Body, more = false): Uint8Array {
  const type = ReplyBody[body!.constructor.name.replace(/T$/, '') as keyof typeof ReplyBody];
  const builder = new Builder();
  builder.finish(new ReplyT(call, 0, null, more, 0, type, body).pack(builder));
  return builder.asUint8Array();
}

export const end = (port: ReplyPort, body: Body): void => port.end(encodeReply(port.call, body));

export const send = (port: ReplyPort, body: Body): boolean =>
  port.send(encodeReply(port.call, body, true));

export function fileInfo(path: string, fields: Partial<InodeT> = {}): FileInfoT {
  const inode = Object.assign(
    new InodeT(),
    { id: 1024, type: InodeType.FILE, mode: 0o644 },
    fields,
  );
  return new FileInfoT(inode, path.slice(path.lastIndexOf('/') + 1), 'alice', 'staff', path);
}
