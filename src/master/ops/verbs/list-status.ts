/**
 * listStatus: the children of a directory, or all below it, sorted by name, in pages; of a file,
 * the file itself. As Alluxio: READ and EXECUTE on the directory; recursively, directories that
 * the caller may not list appear, but what is below them does not.
 * Each page is built in one turn from one snapshot of tier 2. A stream sends page after page, one
 * a turn, as fast as the reader takes them; between pages it is but a cursor.
 */

import {
  LIST_PAGE_ENTRIES_DEFAULT,
  LIST_PAGE_ENTRIES_MAX,
  PATH_BYTES_MAX,
} from '../../../base/limits.js';
import { Code, StatusError } from '../../../base/status.js';
import { readU64 } from '../../../base/word64.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { Bits } from '../../memory/kernel-constants.js';
import { CONTROL, EXECUTOR } from '../../memory/layout.js';
import { FLAG_CHILDREN_LOADED, RECORD_LENGTH } from '../../memory/record.js';
import type { PathWalk } from '../../path/path-walk.js';
import { checkBits } from '../mechanism/access.js';
import { FROM_BEGIN, type From } from '../mechanism/child-scan.js';
import { invalid } from '../mechanism/failures.js';
import { FlushBarrier } from '../mechanism/flush-barrier.js';
import { InodeLookup, idNotFound } from '../mechanism/inode-lookup.js';
import { DirectoryPages } from '../mechanism/list-directory.js';
import {
  CursorKind,
  decodeCursor,
  type ListCursor,
  type ListPages,
  type PageEnd,
} from '../mechanism/list-pages.js';
import { TreePages } from '../mechanism/list-tree.js';
import { awaitChildren, LoadType, nothingAsked } from '../mechanism/loading.js';
import { pathText, Read, resolveFound } from '../mechanism/read.js';
import { type LeftOut, TreeScan } from '../mechanism/tree-scan.js';

export type ListStatusOptions = {
  readonly path: Uint8Array;
  readonly recursive: boolean;
  /** Entries of a page; 0 = the default, or as many as fit when streaming. */
  readonly pageSize: number;
  /** The cursor of an earlier page, or empty. It overrides offsetId, which overrides startAfter. */
  readonly cursor: Uint8Array;
  /** A name (recursive: a path below the listed one) that need not exist, or empty. */
  readonly startAfter: Uint8Array;
  /** An inode within the directory after which to begin; 0 = none. */
  readonly offsetId: number;
  /** Only names (recursive: paths below) that begin with this. */
  readonly prefix: Uint8Array;
  readonly stream: boolean;
  readonly load: LoadType;
};

export interface PageSink {
  /**
   * A ListPage reply at a byte offset of shared memory, copied at once. `more`: others follow,
   * but not before the promise that may be returned settles: the reader is behind.
   */
  page(executor: Executor, frame: number, bytes: number, more: boolean): Promise<void> | undefined;
  fail(error: StatusError): void;
}

const CURSOR_NONE: PageEnd | undefined = undefined;
const SLASH = 0x2f;
const DOT = 0x2e;

export class ListStatus extends Read<PageSink> {
  readonly name = 'listStatus';
  readonly #options: ListStatusOptions;
  readonly #asked = nothingAsked();
  readonly #barrier = new FlushBarrier();
  readonly #offset: InodeLookup | undefined;
  /** Of the listed directory itself. */
  readonly #load: LoadType;
  #pages: ListPages | undefined;
  /** What the stream could not load; reported after the last page. */
  #missing: PassedOver | undefined;
  #isAllSent = false;

  constructor(caller: Caller, callId: number, options: ListStatusOptions, sink: PageSink) {
    super(caller, callId, sink);
    this.#options = options;
    const { offsetId, cursor, load } = options;
    // The first page had it loaded; later pages go on in what that found.
    const again = cursor.length > 0 && load === LoadType.ALWAYS;
    this.#load = again ? LoadType.ONCE : load;
    if (offsetId !== 0 && cursor.length === 0) {
      this.#offset = new InodeLookup(offsetId, this.#barrier);
    }
  }

  protected read(executor: Executor): void {
    if (this.#pages === undefined) {
      const { path } = this.#options;
      const { walkA } = executor;
      const how = { load: this.#load, asked: this.#asked };
      resolveFound(executor, this.caller, walkA, path, how);
      if (walkA.isFile(walkA.depth)) {
        this.#listFile(executor, walkA);
        return;
      }
      this.#pages = this.#begin(executor, walkA);
    }
    if (this.#isAllSent) throw notLoaded(this.#missing!);
    const end = this.#pages.addEntries(executor, this.#entriesMax());
    this.#isAllSent = end === undefined && this.#missing !== undefined;
    const more = (end !== undefined || this.#isAllSent) && this.#options.stream;
    const drained = this.#send(executor, end, more, this.#pages.fileCount);
    if (!more) return;
    if (performance.now() > this.deadline) throw deadlinePassed();
    throw drained === undefined ? Park.turn : Park.work(drained);
  }

  describe(): string {
    return pathText(this.#options.path);
  }

  #entriesMax(): number {
    const { pageSize, stream } = this.#options;
    if (pageSize > 0) return Math.min(pageSize, LIST_PAGE_ENTRIES_MAX);
    return stream ? LIST_PAGE_ENTRIES_MAX : LIST_PAGE_ENTRIES_DEFAULT;
  }

  #begin(executor: Executor, walk: PathWalk): ListPages {
    const { recursive } = this.#options;
    checkBits(executor, this.caller, walk, walk.depth, Bits.READ | Bits.EXECUTE);
    if (!recursive) awaitChildren(executor, walk, this.#load, this.#asked);
    const start = this.#start(executor, walk);
    return recursive ? this.#tree(executor, walk, start) : this.#directory(executor, walk, start);
  }

  /** Where to begin, by cursor, inode or name. */
  #start(executor: Executor, walk: PathWalk): ListCursor | undefined {
    const { cursor, startAfter, recursive } = this.#options;
    if (cursor.length > 0) return decodeCursor(cursor, recursive);
    if (this.#offset !== undefined) {
      const text = this.#offsetPath(executor, walk, this.#offset);
      return { kind: CursorKind.AFTER, text };
    }
    if (startAfter.length === 0) return undefined;
    return { kind: CursorKind.AFTER, text: startAfter };
  }

  /** Path, below the listed directory, of the inode to begin after. NOT_FOUND if it left. */
  #offsetPath(executor: Executor, walk: PathWalk, offset: InodeLookup): Uint8Array {
    const { walkB, shared } = executor;
    offset.resolve(executor, this.caller, walkB);
    const below = walkB.depth - walk.depth;
    if (below < 1 || !walk.isPrefixOf(walkB) || (below > 1 && !this.#options.recursive)) {
      throw idNotFound(this.#options.offsetId);
    }
    const end = walkB.nameAt(walkB.depth) + walkB.nameBytes(walkB.depth);
    return shared.u8.slice(walkB.nameAt(walk.depth + 1), end);
  }

  #directory(executor: Executor, walk: PathWalk, start: ListCursor | undefined): ListPages {
    const from: From =
      start === undefined
        ? FROM_BEGIN
        : { name: start.text, inclusive: start.kind === CursorKind.NAME };
    if (from.name.includes(SLASH)) {
      throw invalid(walk.text(), 'A name to start after contains no "/".', 'Give a name.');
    }
    const fileCount = readU64(executor.shared.view, walk.record + RECORD_LENGTH);
    const directory = { id: walk.id(walk.depth), fileCount };
    return new DirectoryPages(directory, from, this.#options.prefix, this.#barrier);
  }

  #tree(executor: Executor, walk: PathWalk, start: ListCursor | undefined): ListPages {
    const { load, prefix, stream } = this.#options;
    const scan = new TreeScan(this.#barrier, load, stream ? this.#passOver : undefined);
    const text = walk.depth === 0 ? '' : walk.text();
    const base = new TextEncoder().encode(`${text}/`);
    const names = start === undefined ? [] : splitPath(start.text);
    this.#pushLevels(executor, walk, scan, {
      path: base,
      names,
      inclusive: start?.kind === CursorKind.PATH,
    });
    return new TreePages(scan, { baseBytes: base.length, prefix, endsEarly: stream });
  }

  /** A directory that may not be listed is an entry like others; a failed load is reported. */
  readonly #passOver: LeftOut = (path, why) => {
    if (why !== 'denied') this.#missing ??= { path, error: why };
  };

  /** A level for the listed directory, and for each one on the way to where it goes on. */
  #pushLevels(
    executor: Executor,
    walk: PathWalk,
    scan: TreeScan,
    start: { path: Uint8Array; names: readonly Uint8Array[]; inclusive: boolean },
  ): void {
    const { walkB, kernel, callerAt } = executor;
    const { names, inclusive } = start;
    const root = { id: walk.id(walk.depth), flags: walk.flags(walk.depth) };
    const depth = walk.depth;
    if (names.length > 0) executor.resolve(walkB, joinPath(start.path, names));
    for (let level = 0; level <= names.length; level++) {
      const node = depth + level;
      const { id, flags } = level === 0 ? root : { id: walkB.id(node), flags: walkB.flags(node) };
      if (level > 0) {
        // Directories that are gone or may not be listed are skipped with everything below them.
        if (node >= walkB.next || !walkB.isDirectory(node)) return;
        const bits = Bits.READ | Bits.EXECUTE;
        const mode = walkB.mode(node);
        if (!kernel.permits(mode, walkB.owner(node), walkB.group(node), callerAt, bits)) return;
        if (level === names.length && inclusive) return;
      }
      const name = names[level];
      const last = level === names.length - 1;
      const from = name === undefined ? FROM_BEGIN : { name, inclusive: last && inclusive };
      const path = joinPath(start.path, names.slice(0, level)).subarray(0, -1);
      const loaded = (flags & FLAG_CHILDREN_LOADED) !== 0;
      // A page before this one has read its beginning, and had it loaded.
      const asked = name !== undefined && inclusive;
      scan.push({ id, path, from, loaded, asked });
    }
  }

  #listFile(executor: Executor, walk: PathWalk): void {
    checkBits(executor, this.caller, walk, walk.depth, Bits.READ);
    const { kernel, shared } = executor;
    const path = new TextEncoder().encode(walk.text());
    const at = executor.base + EXECUTOR.REQUEST;
    shared.u8.set(path, at);
    kernel.listBegin();
    kernel.listAdd(walk.record, at, path.length);
    this.#send(executor, CURSOR_NONE, false, 1);
  }

  #send(
    executor: Executor,
    end: PageEnd | undefined,
    more: boolean,
    fileCount: number,
  ): Promise<void> | undefined {
    const { kernel, shared } = executor;
    const seq = executor.load64(CONTROL.APPLIED_SEQ);
    const at = executor.base + EXECUTOR.REQUEST;
    let cursorBytes = 0;
    if (end !== undefined && end.text.length > 0) {
      shared.u8[at] = end.kind;
      shared.u8.set(end.text, at + 1);
      cursorBytes = 1 + end.text.length;
    }
    const truncated = end === undefined ? 0 : 1;
    const { callId } = this;
    const bytes = kernel.listFinish(
      callId,
      seq,
      more ? 1 : 0,
      truncated,
      fileCount,
      at,
      cursorBytes,
    );
    return this.sink.page(executor, kernel.pageFrame(), bytes, more);
  }
}

/** Components of a path below the listed directory. */
function splitPath(path: Uint8Array): Uint8Array[] {
  if (path.length > PATH_BYTES_MAX) throw badStart();
  const names: Uint8Array[] = [];
  for (let from = 0; from <= path.length; ) {
    const slash = path.indexOf(SLASH, from);
    const end = slash === -1 ? path.length : slash;
    const name = path.subarray(from, end);
    if (isNoName(name)) throw badStart();
    names.push(name);
    from = end + 1;
  }
  return names;
}

/** "", "." and "..": these would lead out of the directory whose permissions were checked. */
function isNoName(name: Uint8Array): boolean {
  return name.length <= 2 && name.every((byte) => byte === DOT);
}

/** `base` ends with a slash, and so does the result. */
function joinPath(base: Uint8Array, names: readonly Uint8Array[]): Uint8Array {
  const bytes = names.reduce((sum, name) => sum + name.length + 1, base.length);
  const path = new Uint8Array(bytes).fill(SLASH);
  path.set(base);
  let at = base.length;
  for (const name of names) {
    path.set(name, at);
    at += name.length + 1;
  }
  return path;
}

function badStart(): StatusError {
  return new StatusError(
    Code.INVALID_ARGUMENT,
    'The place to start at is no path below the directory.',
    {
      hint: 'Give a path like "a/b", relative to the listed directory.',
    },
  );
}

type PassedOver = { readonly path: string; readonly error: StatusError };

function notLoaded({ path, error }: PassedOver): StatusError {
  const reason = error.message.replace(/\.$/, '');
  return new StatusError(
    Code.ABORTED,
    `"${path}" could not be loaded: ${reason}. Everything else is listed.`,
    { path, ...(error.hint !== undefined && { hint: error.hint }) },
  );
}

function deadlinePassed(): StatusError {
  return new StatusError(Code.DEADLINE_EXCEEDED, 'The deadline passed while pages were sent.', {
    hint: 'Give the call more time, or go on from the last cursor.',
  });
}
