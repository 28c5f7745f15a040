/**
 * RESP 2: a file is a key (its full path) with VALUE_BYTES of attributes. Replies carry no id and
 * come in the order of the requests.
 */
import {
  type Dialect,
  OLDEST_CALL,
  type PeerWork,
  pathOf,
  RENAMED_KIND,
  type ReaderEvents,
  VALUE,
  VALUE_BYTES,
  WorkCursor,
} from './dialect.js';
import { StreamCutter } from './stream-cutter.js';
import { TemplateWriter } from './template-writer.js';

const CR = 13;
const LF = 10;
const ZERO = 48;
const Kind = { STATUS: 43, NUMBER: 58, BULK: 36, ERROR: 45 } as const;

type Wanted = (bytes: Uint8Array, at: number) => boolean;

const isOk: Wanted = (bytes, at) => bytes[at] === Kind.STATUS;
const isOne: Wanted = (bytes, at) => bytes[at] === Kind.NUMBER && bytes[at + 1] === ZERO + 1;
const isValue: Wanted = (bytes, at) => bytes[at] === Kind.BULK && bytes[at + 1] !== Kind.ERROR;

export function redisDialect(work: PeerWork, seed: number): Dialect {
  const cursor = new WorkCursor(work, seed);
  const path = pathOf(work, work.kind);
  const target = pathOf(work, RENAMED_KIND);
  const { template, at, targetAt } = encode(work, path, target);
  const wanted: Wanted = work.verb === 'stat' ? isValue : work.verb === 'delete' ? isOne : isOk;
  return {
    hello: undefined,
    template,
    next: () => cursor.next,
    prepare(bytes, begin) {
      const index = cursor.take();
      if (index < 0) return false;
      path.write(bytes, begin + at, index);
      if (targetAt > 0) target.write(bytes, begin + targetAt, index);
      return true;
    },
    // The wire has no id.
    stamp: () => {},
    reader: (events) => new RedisReader(events, wanted),
  };
}

function encode(
  work: PeerWork,
  path: ReturnType<typeof pathOf>,
  target: ReturnType<typeof pathOf>,
): { template: Uint8Array; at: number; targetAt: number } {
  const writer = new TemplateWriter();
  const key = (pattern: ReturnType<typeof pathOf>): number => {
    writer.text(`$${pattern.bytes}\r\n`);
    const at = writer.path(pattern);
    writer.text('\r\n');
    return at;
  };
  const commands = {
    create: ['*3', 'SET'],
    stat: ['*2', 'GET'],
    delete: ['*2', 'DEL'],
    rename: ['*3', 'RENAME'],
    list: ['*2', 'HKEYS'],
  } as const;
  const [count, name] = commands[work.verb];
  writer.text(`${count}\r\n$${name.length}\r\n${name}\r\n`);
  const at = key(path);
  const targetAt = work.verb === 'rename' ? key(target) : 0;
  if (work.verb === 'create') writer.text(`$${VALUE_BYTES}\r\n`).bytes(VALUE).text('\r\n');
  return { template: writer.done(), at, targetAt };
}

class RedisReader {
  readonly #cutter: StreamCutter;

  constructor(events: ReaderEvents, wanted: Wanted) {
    this.#cutter = new StreamCutter(replyBytes, (bytes, at, total) => {
      if (wanted(bytes, at)) events.succeeded(OLDEST_CALL, 1);
      else events.failed(OLDEST_CALL, text(bytes, at, total));
    });
  }

  push(chunk: Uint8Array, end: number): void {
    this.#cutter.push(chunk, end);
  }
}

const text = (bytes: Uint8Array, at: number, total: number): string =>
  Buffer.from(bytes.subarray(at, at + total))
    .toString('latin1')
    .trim();

function replyBytes(bytes: Uint8Array, at: number, end: number): number {
  let line = at + 1;
  while (line + 1 < end && !(bytes[line] === CR && bytes[line + 1] === LF)) line++;
  if (line + 1 >= end) return -1;
  const head = line + 2 - at;
  if (bytes[at] !== Kind.BULK || bytes[at + 1] === Kind.ERROR) return head;
  let length = 0;
  for (let i = at + 1; i < line; i++) length = length * 10 + bytes[i]! - ZERO;
  return head + length + 2;
}
