/**
 * Makes a tree of a sorted stream of paths, in one pass and with bounded memory, so that its rows
 * come out in the order of tier 2's keys (parent id, name).
 *
 * The trick is when a directory gets its number: when it is complete. What is below a directory
 * stands together in a sorted stream, so its children are gathered until the stream leaves it;
 * then it gets the next number and they are written, one behind the other. So numbers rise as rows
 * are written, and a directory's record, which its own parent writes, knows id and child count.
 *
 *     a/b/x  a/b/y  a/c  d       numbers: a/b = 1, a = 2     rows: 1/x 1/y  2/b 2/c  target/a ./d
 *
 * A directory with very many children gets its number early and is written in portions. A file
 * whose name a directory below may still take (`a`, then `a-1`, then `a/x`) is held back.
 *
 * Directories and files have ranges of numbers of their own, so that the index of ids is appended
 * for files: ids of directories are known later than those of the files below them.
 *
 * Two orders of the stream are taken: that of the bytes of whole paths (object stores) and that of
 * a walk, names by their bytes. Any other is an OutOfOrder, and the caller sorts.
 */
import { z } from 'zod';
import { assert } from '../../base/assert.js';
import { PATH_BYTES_MAX, PATH_DEPTH_MAX } from '../../base/limits.js';
import { ChildRows, childRowsSchema, NUMBER, NUMBERS, WORD, WORDS } from './child-rows.js';
import { type EntryBatch, MODE_UNKNOWN, NAME_UNKNOWN, TIME_UNKNOWN } from './entry-batch.js';
import type { Rejects } from './rejects.js';
import type { InodeDefaults, RowEncoder } from './row-encoder.js';

const SLASH = 0x2f;
const CHILDREN_WAITING_MAX = 32_768;
/** Children of all open directories. */
const ROWS_WAITING_MAX = 524_288;

/** Thrown at an entry that stands before the one that was read before it. */
export class OutOfOrder extends Error {
  readonly line: number;

  constructor(line: number) {
    super(`line ${line} is out of order`);
    this.line = line;
  }
}

export type TreeCounts = {
  readonly files: number;
  readonly directories: number;
  /** Of all files. */
  readonly bytes: number;
};

const openSchema = z.object({
  children: childRowsSchema,
  id: z.int(),
  written: z.int(),
  mtimeMs: z.number(),
  mode: z.int(),
  owner: z.int(),
  group: z.int(),
});

export const treeStateSchema = z.object({
  previous: z.base64(),
  path: z.base64(),
  open: z.array(openSchema),
  directoryNext: z.int(),
  fileNext: z.int(),
  byBytes: z.boolean(),
  byNames: z.boolean(),
  files: z.int(),
  directories: z.int(),
  bytes: z.number(),
});
export type TreeState = z.output<typeof treeStateSchema>;

/** A directory that the stream is in. */
type Open = {
  readonly children: ChildRows;
  /** 0: not numbered yet. */
  id: number;
  /** Children that were written already. */
  written: number;
  mtimeMs: number;
  mode: number;
  owner: number;
  group: number;
  /** Where its path ends, behind the slash; 0 for the target. */
  pathEnd: number;
};

export type TreeOptions = {
  readonly targetId: number;
  readonly directoryFirst: number;
  readonly fileFirst: number;
  readonly defaults: InodeDefaults;
  readonly encoder: RowEncoder;
  readonly rejects: Rejects;
  /** The encoder is full: its rows are to be taken. */
  readonly onFull: () => void;
  /** Children of one directory that wait for its end: beyond, it is written in portions. */
  readonly childrenWaitingMax?: number;
};

export class TreeBuilder {
  readonly #options: TreeOptions;
  readonly #childrenMax: number;
  /** The path before, and the beginning of it that is the innermost open directory. */
  readonly #previous = Buffer.alloc(PATH_BYTES_MAX + 1);
  #previousBytes = 0;
  readonly #open: Open[] = [];
  #depth = 0;
  #directoryNext: number;
  #fileNext: number;
  #byBytes = true;
  #byNames = true;
  #files = 0;
  #directories = 0;
  #bytes = 0;
  #waiting = 0;

  constructor(options: TreeOptions) {
    this.#options = options;
    this.#childrenMax = options.childrenWaitingMax ?? CHILDREN_WAITING_MAX;
    this.#directoryNext = options.directoryFirst;
    this.#fileNext = options.fileFirst;
    this.#openAt(0, 0).id = options.targetId;
  }

  get counts(): TreeCounts {
    return { files: this.#files, directories: this.#directories, bytes: this.#bytes };
  }

  /** Above every id that was given. */
  get idNext(): number {
    return this.#fileNext;
  }

  /** Rows that wait for the end of their directory. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes entry `i`, whose path is clean. */
  add(batch: EntryBatch, i: number): void {
    const at = batch.pathAt[i]!;
    const bytes = batch.pathBytes[i]!;
    const same = this.#compare(batch, i);
    if (same < 0) return;
    const { bytes: source } = batch;
    let depth = this.#depth;
    while (this.#open[depth]!.pathEnd > same) depth--;
    while (this.#depth > depth) this.#close();
    let name = at + this.#open[depth]!.pathEnd;
    const end = at + bytes;
    for (let from = name; from < end; from++) {
      if (source[from] !== SLASH) continue;
      this.#openAt(++this.#depth, from + 1 - at);
      name = from + 1;
    }
    source.copy(this.#previous, 0, at, end);
    this.#previousBytes = bytes;
    if (name === end) this.#describe(batch, i);
    else this.#addFile(batch, i, name);
  }

  /** Closes what is open; returns the number of children of the target. */
  finish(): number {
    while (this.#depth > 0) this.#close();
    const root = this.#open[0]!;
    this.#write(root, undefined);
    return root.written;
  }

  save(): TreeState {
    return {
      previous: this.#previous.toString('base64', 0, this.#previousBytes),
      path: this.#previous.toString('base64', 0, this.#open[this.#depth]!.pathEnd),
      open: this.#open.slice(0, this.#depth + 1).map(({ children, pathEnd: _, ...rest }) => ({
        ...rest,
        children: children.save(),
      })),
      directoryNext: this.#directoryNext,
      fileNext: this.#fileNext,
      byBytes: this.#byBytes,
      byNames: this.#byNames,
      files: this.#files,
      directories: this.#directories,
      bytes: this.#bytes,
    };
  }

  /** Into a new builder, in the place of the constructor's beginning. */
  restore(state: TreeState): void {
    const path = Buffer.from(state.path, 'base64');
    const ends = [0];
    for (let i = 0; i < path.length; i++) if (path[i] === SLASH) ends.push(i + 1);
    assert(ends.length === state.open.length, 'a saved path has its directories');
    this.#previousBytes = Buffer.from(state.previous, 'base64').copy(this.#previous);
    for (const [depth, { children, ...rest }] of state.open.entries()) {
      const open = this.#openAt(depth, ends[depth]!);
      Object.assign(open, rest);
      open.children.restore(children);
      this.#waiting += open.children.count;
    }
    this.#depth = state.open.length - 1;
    this.#directoryNext = state.directoryNext;
    this.#fileNext = state.fileNext;
    this.#byBytes = state.byBytes;
    this.#byNames = state.byNames;
    this.#files = state.files;
    this.#directories = state.directories;
    this.#bytes = state.bytes;
  }

  /** Bytes that the path has in common with the one before; -1 if it is to be left out. */
  #compare(batch: EntryBatch, i: number): number {
    const { bytes: source } = batch;
    const at = batch.pathAt[i]!;
    const bytes = batch.pathBytes[i]!;
    const previous = this.#previous;
    const most = Math.min(bytes, this.#previousBytes);
    let same = 0;
    while (same < most && source[at + same] === previous[same]) same++;
    const now = same < bytes ? source[at + same]! : -1;
    const before = same < this.#previousBytes ? previous[same]! : -1;
    if (now === before) {
      if (bytes > 0) this.#options.rejects.addEntry('duplicate', batch, i);
      return -1;
    }
    if (now < before) this.#byBytes = false;
    if (rank(now) < rank(before)) this.#byNames = false;
    if (!this.#byBytes && !this.#byNames) throw new OutOfOrder(batch.line[i]!);
    return same;
  }

  #openAt(depth: number, pathEnd: number): Open {
    let open = this.#open[depth];
    if (open === undefined) {
      assert(depth <= PATH_DEPTH_MAX, 'paths are checked before');
      open = { children: new ChildRows(), ...blank, pathEnd };
      this.#open[depth] = open;
    } else {
      open.children.clear();
      Object.assign(open, blank);
      open.pathEnd = pathEnd;
    }
    return open;
  }

  /** The innermost open directory has an entry of its own. */
  #describe(batch: EntryBatch, i: number): void {
    const open = this.#open[this.#depth]!;
    open.mtimeMs = batch.mtimeMs[i]!;
    open.mode = batch.mode[i]!;
    open.owner = batch.owner[i]!;
    open.group = batch.group[i]!;
  }

  #addFile(batch: EntryBatch, i: number, name: number): void {
    const { children } = this.#open[this.#depth]!;
    const end = batch.pathAt[i]! + batch.pathBytes[i]!;
    const row = children.add(batch.bytes, name, end - name);
    const { numbers } = children;
    const number = row * NUMBERS;
    numbers[number + NUMBER.LENGTH] = batch.length[i]!;
    numbers[number + NUMBER.MTIME] = batch.mtimeMs[i]!;
    numbers[number + NUMBER.FINGERPRINT] = batch.fingerprint[i]!;
    numbers[number + NUMBER.ID] = 0;
    numbers[number + NUMBER.LINE] = batch.line[i]!;
    const { defaults } = this.#options;
    this.#setWords(children, row, defaults.fileMode, {
      mode: batch.mode[i]!,
      owner: batch.owner[i]!,
      group: batch.group[i]!,
    });
    this.#added(children);
  }

  #close(): void {
    const open = this.#open[this.#depth]!;
    this.#number(open);
    this.#write(open, undefined);
    const parent = this.#open[--this.#depth]!;
    const { children } = parent;
    const nameBytes = open.pathEnd - 1 - parent.pathEnd;
    const row = children.add(this.#previous, parent.pathEnd, nameBytes);
    const { numbers } = children;
    const number = row * NUMBERS;
    numbers[number + NUMBER.LENGTH] = open.written;
    numbers[number + NUMBER.MTIME] = open.mtimeMs;
    numbers[number + NUMBER.FINGERPRINT] = 0;
    numbers[number + NUMBER.ID] = open.id;
    numbers[number + NUMBER.LINE] = 0;
    this.#setWords(children, row, this.#options.defaults.directoryMode, open);
    this.#added(children);
  }

  #setWords(
    { words }: ChildRows,
    row: number,
    modeDefault: number,
    given: { readonly mode: number; readonly owner: number; readonly group: number },
  ): void {
    const { defaults } = this.#options;
    const word = row * WORDS;
    words[word + WORD.MODE] = given.mode === MODE_UNKNOWN ? modeDefault : given.mode;
    words[word + WORD.OWNER] = given.owner === NAME_UNKNOWN ? defaults.owner : given.owner;
    words[word + WORD.GROUP] = given.group === NAME_UNKNOWN ? defaults.group : given.group;
  }

  #added(children: ChildRows): void {
    this.#waiting++;
    if (children.count < this.#childrenMax && this.#waiting < ROWS_WAITING_MAX) return;
    let fullest = 0;
    for (let depth = 1; depth <= this.#depth; depth++) {
      const count = this.#open[depth]!.children.count;
      if (count > this.#open[fullest]!.children.count) fullest = depth;
    }
    const open = this.#open[fullest]!;
    this.#number(open);
    // The name at which the stream stands in that directory: what goes on from it comes later.
    const rest = this.#previous.subarray(open.pathEnd, this.#previousBytes);
    const slash = rest.indexOf(SLASH);
    this.#write(open, slash < 0 ? rest : rest.subarray(0, slash));
  }

  #number(open: Open): void {
    if (open.id !== 0) return;
    open.id = this.#directoryNext++;
    assert(open.id < this.#options.fileFirst, 'directories have numbers of their own');
  }

  /** Writes the children that wait, but for files that are a beginning of `stands`. */
  #write(open: Open, stands: Uint8Array | undefined): void {
    const { encoder, onFull } = this.#options;
    const { children } = open;
    const rows = children.order();
    const held: number[] = [];
    encoder.begin(open.id);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const next = rows[i + 1];
      if (!children.isSorted && next !== undefined && children.compare(row, next) === 0) {
        this.#shadow(children, row);
        continue;
      }
      const isDirectory = children.isDirectory(row);
      if (stands !== undefined && !isDirectory && children.isBeginningOf(row, stands)) {
        held.push(row);
        continue;
      }
      if (encoder.isFull) onFull();
      const number = row * NUMBERS;
      if (isDirectory) this.#directories++;
      else {
        this.#files++;
        this.#bytes += children.numbers[number + NUMBER.LENGTH]!;
      }
      const id = isDirectory ? children.numbers[number + NUMBER.ID]! : this.#fileNext++;
      encoder.add(children, row, id);
      open.written++;
    }
    this.#waiting -= children.count - held.length;
    if (held.length > 0) children.keep(held);
    else children.clear();
  }

  /** A directory of the same name takes the file's place, as stores list them. */
  #shadow(children: ChildRows, row: number): void {
    const line = children.numbers[row * NUMBERS + NUMBER.LINE]!;
    this.#options.rejects.add('shadowed', line, children.nameOf(row));
  }
}

const blank = {
  id: 0,
  written: 0,
  mtimeMs: TIME_UNKNOWN,
  mode: MODE_UNKNOWN,
  owner: NAME_UNKNOWN,
  group: NAME_UNKNOWN,
};

/** A slash before all other bytes: the order of a walk. The end of a path is before it. */
const rank = (byte: number): number => (byte === SLASH ? 0 : byte < 0 ? -1 : byte + 1);
