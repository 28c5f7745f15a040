/**
 * MooseFS's client protocol, as its mount speaks it to the master: a file is looked up by the inode
 * of its directory and one name, with the caller's user and group. A connection is a session.
 *
 *   u32 type | u32 length | u32 message id | body    a reply of 5 bytes is an id and a status
 */
import { PathPattern } from '../../load/path-pattern.js';
import {
  type Dialect,
  type PeerWork,
  RENAMED_KIND,
  type ReaderEvents,
  type WireReader,
  WorkCursor,
} from './dialect.js';
import { StreamCutter } from './stream-cutter.js';
import { readU32, TemplateWriter, writeU32 } from './template-writer.js';

const Type = {
  NOP: 0,
  REGISTER: 400,
  REGISTERED: 401,
  LOOKUP: 406,
  MAKE_NODE: 416,
  MAKE_DIRECTORY: 418,
  UNLINK: 420,
  RENAME: 424,
  READ_DIRECTORY: 428,
} as const;

export const MOOSEFS_ROOT_INODE = 1;
const HEAD_BYTES = 8;
const BODY_AT = HEAD_BYTES + 4;
const STATUS_REPLY_BYTES = 5;

/** The mark of a registration with access control, and its kind. */
const REGISTER_MARK = 'DjI1GAQDULI5d2YjA26ypc3ovkhjvhciTQVx3CS4nYgtBoUcsljiVpsErJENHaw0';
const REGISTER_NEW_SESSION = 2;
/** 3.0.117: major, middle, and twice the minor. */
const VERSION = (3 << 16) | (117 << 1);

const USER = 1000;
const GROUP = 1000;
const TYPE_FILE = 1;
const MODE_FILE = 0o644;
const MODE_DIRECTORY = 0o777;

const NAME_BYTES = 9;
const DIRECTORY_BYTES = '/flat/'.length;
const INODE_BYTES = 4;
const ATTRIBUTES_BYTES = 36;
const READ_WITH_ATTRIBUTES = 1;
const ENTRY_BYTES = 1 + NAME_BYTES + INODE_BYTES + ATTRIBUTES_BYTES;
/** The entries `.` and `..`. */
const DOTS_BYTES = 2 * (1 + INODE_BYTES + ATTRIBUTES_BYTES) + 3;
const NEXT_EDGE_BYTES = 8;

export function moosefsDialect(work: PeerWork, seed: number): Dialect {
  const cursor = new WorkCursor(work, seed);
  // Of a path in the flat directory only the number changes: this is the name without directory.
  const numbers = new PathPattern({ shape: 'flat' }, work.kind);
  const inodes = work.inodes ?? [MOOSEFS_ROOT_INODE];
  const { template, inodesAt, namesAt } = encode(work);
  return {
    hello: registerRequest(),
    template,
    next: () => cursor.next,
    prepare(bytes, at) {
      const index = cursor.take();
      if (index < 0) return false;
      const inode = inodes[index % inodes.length]!;
      for (const inodeAt of inodesAt) writeU32(bytes, at + inodeAt, inode);
      for (const nameAt of namesAt) numbers.write(bytes, at + nameAt - DIRECTORY_BYTES, index);
      return true;
    },
    stamp: (bytes, at, call) => writeU32(bytes, at + HEAD_BYTES, call),
    reader: (events) => new MoosefsReader(events, work),
  };
}

export function registerRequest(): Buffer {
  const info = Buffer.from('orchard-bench');
  const path = Buffer.from('/\0');
  return packet(
    Type.REGISTER,
    new TemplateWriter()
      .text(REGISTER_MARK)
      .u8(REGISTER_NEW_SESSION)
      .u32(VERSION)
      .counted(info)
      .counted(path)
      .u32(0)
      .done(),
  );
}

/** For the setting up; by the superuser, writable by everybody. */
export function makeDirectoryRequest(id: number, parent: number, name: string): Buffer {
  const writer = new TemplateWriter().u32(id).u32(parent).u8(name.length).text(name);
  writer.u16(MODE_DIRECTORY).u16(0).u32(0).u32(1).u32(0).u8(0);
  return packet(Type.MAKE_DIRECTORY, writer.done());
}

type Places = {
  readonly template: Uint8Array;
  readonly inodesAt: readonly number[];
  readonly namesAt: readonly number[];
};

function encode({ verb, kind }: PeerWork): Places {
  const writer = new TemplateWriter().u32(0);
  const inodesAt: number[] = [];
  const namesAt: number[] = [];
  const inode = (): void => {
    inodesAt.push(HEAD_BYTES + writer.length);
    writer.u32(0);
  };
  const name = (letter: string): void => {
    writer.u8(NAME_BYTES);
    namesAt.push(HEAD_BYTES + writer.length);
    writer.text(`${letter}00000000`);
  };
  inode();
  if (verb !== 'list') name(kind);
  if (verb === 'rename') {
    inode();
    name(RENAMED_KIND);
  }
  if (verb === 'create') writer.u8(TYPE_FILE).u16(MODE_FILE).u16(0);
  writer.u32(USER).u32(1).u32(GROUP);
  if (verb === 'create') writer.u32(0);
  if (verb === 'list') writer.u8(READ_WITH_ATTRIBUTES).u32(-1).u64(0);
  const types = {
    create: Type.MAKE_NODE,
    stat: Type.LOOKUP,
    rename: Type.RENAME,
    delete: Type.UNLINK,
    list: Type.READ_DIRECTORY,
  } as const;
  return { template: packet(types[verb], writer.done()), inodesAt, namesAt };
}

const packet = (type: number, body: Uint8Array): Buffer =>
  new TemplateWriter().u32(type).counted(body).done();

class MoosefsReader implements WireReader {
  readonly #cutter: StreamCutter;
  readonly #events: ReaderEvents;
  readonly #work: PeerWork;

  constructor(events: ReaderEvents, work: PeerWork) {
    this.#events = events;
    this.#work = work;
    this.#cutter = new StreamCutter(packetBytes, (bytes, at, total) =>
      this.#packet(bytes, at, total - HEAD_BYTES),
    );
  }

  push(chunk: Uint8Array, end: number): void {
    this.#cutter.push(chunk, end);
  }

  #packet(bytes: Uint8Array, at: number, length: number): void {
    const type = readU32(bytes, at);
    if (type === Type.NOP) return;
    if (type === Type.REGISTERED) {
      if (length === 1) this.#events.lost(`no session: status ${bytes[at + HEAD_BYTES]}`);
      else this.#events.greeted();
      return;
    }
    const call = readU32(bytes, at + HEAD_BYTES);
    const status = length === STATUS_REPLY_BYTES ? bytes[at + BODY_AT]! : 0;
    const operations = this.#work.verb === 'list' ? listed(length) : 1;
    if (status !== 0) this.#events.failed(call, `status ${status}`);
    else if (this.#work.verb === 'list' && operations !== this.#work.entries) {
      this.#events.failed(call, `${operations} entries instead of ${this.#work.entries}`);
    } else {
      this.#events.succeeded(call, operations);
    }
  }
}

/** All names of the bench are of one length, so the length of a listing tells its entries. */
const listed = (length: number): number =>
  (length - (BODY_AT - HEAD_BYTES) - NEXT_EDGE_BYTES - DOTS_BYTES) / ENTRY_BYTES;

export const packetBytes = (bytes: Uint8Array, at: number, end: number): number =>
  at + HEAD_BYTES > end ? -1 : HEAD_BYTES + readU32(bytes, at + 4);

/** Of a directory that was made. */
export function madeInode(reply: Buffer): number {
  if (reply.length === HEAD_BYTES + STATUS_REPLY_BYTES) {
    throw new Error(`a directory was not created: status ${reply[BODY_AT]}`);
  }
  return readU32(reply, BODY_AT);
}
