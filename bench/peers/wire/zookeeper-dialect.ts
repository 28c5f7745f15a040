/**
 * ZooKeeper's client protocol (jute): a file is a persistent znode with VALUE_BYTES of data,
 * open to everybody. create, exists, delete; getChildren gives names only. There is no rename.
 *
 *   u32 length | i32 xid | i32 type | body    reply: u32 length | i32 xid | i64 zxid | i32 err
 */
import {
  type Dialect,
  type PeerWork,
  pathOf,
  type ReaderEvents,
  VALUE,
  type WireReader,
  WorkCursor,
} from './dialect.js';
import { StreamCutter } from './stream-cutter.js';
import { readI32, readU32, TemplateWriter, writeU32 } from './template-writer.js';

const Type = { CREATE: 1, DELETE: 2, EXISTS: 3, GET_CHILDREN: 8 } as const;

const LENGTH_BYTES = 4;
const XID_AT = LENGTH_BYTES;
const ERROR_AT = LENGTH_BYTES + 4 + 8;
const BODY_AT = ERROR_AT + 4;
const SESSION_TIMEOUT_MS = 30_000;
const PASSWORD_BYTES = 16;
const PERMISSIONS_ALL = 31;
const ANY_VERSION = -1;

export function zookeeperDialect(work: PeerWork, seed: number): Dialect {
  const cursor = new WorkCursor(work, seed);
  const path = pathOf(work, work.kind);
  const { template, pathAt } = encode(work, path);
  return {
    hello: connectRequest(),
    template,
    next: () => cursor.next,
    prepare(bytes, at) {
      const index = cursor.take();
      if (index < 0) return false;
      if (work.verb !== 'list') path.write(bytes, at + pathAt, index);
      return true;
    },
    stamp: (bytes, at, call) => writeU32(bytes, at + XID_AT, call),
    reader: (events) => new ZookeeperReader(events, work),
  };
}

/** The request that makes one znode, for the setting up. */
export function createZnode(xid: number, path: string): Buffer {
  const body = new TemplateWriter().u32(xid).u32(Type.CREATE).counted(Buffer.from(path));
  return framed(appendCreate(body).done());
}

export function connectRequest(): Buffer {
  const body = new TemplateWriter()
    .u32(0)
    .u64(0)
    .u32(SESSION_TIMEOUT_MS)
    .u64(0)
    .counted(Buffer.alloc(PASSWORD_BYTES))
    .u8(0);
  return framed(body.done());
}

function encode(
  work: PeerWork,
  path: ReturnType<typeof pathOf>,
): { template: Uint8Array; pathAt: number } {
  const writer = new TemplateWriter();
  const types = {
    create: Type.CREATE,
    stat: Type.EXISTS,
    delete: Type.DELETE,
    list: Type.GET_CHILDREN,
    rename: undefined,
  } as const;
  const type = types[work.verb];
  if (type === undefined) throw new Error('ZooKeeper has no rename');
  const listed = '/flat';
  writer.u32(0).u32(type);
  writer.u32(work.verb === 'list' ? listed.length : path.bytes);
  const pathAt = LENGTH_BYTES + writer.length;
  writer.text(work.verb === 'list' ? listed : path.placeholder);
  if (type === Type.CREATE) appendCreate(writer);
  if (type === Type.DELETE) writer.u32(ANY_VERSION);
  if (type === Type.EXISTS || type === Type.GET_CHILDREN) writer.u8(0);
  return { template: framed(writer.done()), pathAt };
}

/** Data, one ACL that lets everybody do everything, no flags: persistent. */
function appendCreate(writer: TemplateWriter): TemplateWriter {
  return writer
    .counted(VALUE)
    .u32(1)
    .u32(PERMISSIONS_ALL)
    .counted(Buffer.from('world'))
    .counted(Buffer.from('anyone'))
    .u32(0);
}

const framed = (body: Uint8Array): Buffer => new TemplateWriter().counted(body).done();

class ZookeeperReader implements WireReader {
  readonly #cutter: StreamCutter;
  readonly #events: ReaderEvents;
  readonly #work: PeerWork;
  #greeted = false;

  constructor(events: ReaderEvents, work: PeerWork) {
    this.#events = events;
    this.#work = work;
    this.#cutter = new StreamCutter(frameBytes, (bytes, at) => this.#frame(bytes, at));
  }

  push(chunk: Uint8Array, end: number): void {
    this.#cutter.push(chunk, end);
  }

  #frame(bytes: Uint8Array, at: number): void {
    if (!this.#greeted) {
      this.#greeted = true;
      this.#events.greeted();
      return;
    }
    const call = readI32(bytes, at + XID_AT);
    const error = readI32(bytes, at + ERROR_AT);
    if (error !== 0) {
      this.#events.failed(call, `error ${error}`);
      return;
    }
    const { verb, entries } = this.#work;
    const listed = verb === 'list' ? readU32(bytes, at + BODY_AT) : 1;
    if (verb === 'list' && listed !== entries) {
      this.#events.failed(call, `${listed} children instead of ${entries}`);
    } else {
      this.#events.succeeded(call, listed);
    }
  }
}

export const frameBytes = (bytes: Uint8Array, at: number, end: number): number =>
  at + LENGTH_BYTES > end ? -1 : LENGTH_BYTES + readU32(bytes, at);

/** Whether the reply says that the znode is there. */
export const isCreated = (reply: Buffer): boolean => readI32(reply, ERROR_AT) === 0;
