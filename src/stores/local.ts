/**
 * A directory of this machine, or of a file server mounted on it, as a store. What of it is
 * visible, and what links do, is local-tree.ts's business.
 *
 * Names that are not valid UTF-8 are skipped and counted: Node gives them with U+FFFD in place of
 * the bad bytes, and a name spelled like that leads nowhere.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, opendir } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { LIST_PAGE_ENTRIES_MAX } from '../base/limits.js';
import { Code, StatusError } from '../base/status.js';
import { type Call, CallGate } from './call-gate.js';
import { explainLocal, isAbsent } from './local-errors.js';
import { isTemporaryName, LocalTree, parentOf } from './local-tree.js';
import { writeFileAtomically } from './local-write.js';
import { compareNames } from './name-order.js';
import { collectWindow, type NameWindow, NameWindows } from './name-windows.js';
import type { LocalOptions } from './options.js';
import { type ChunkSource, openStream } from './pull-stream.js';
import {
  checkUfsPath,
  type Ufs,
  type UfsListOptions,
  type UfsPage,
  type UfsReadOptions,
  type UfsStatus,
  type UfsWriteOptions,
} from './ufs.js';

/** One read(2). */
const CHUNK_BYTES = 128 * 1024;
/** Names that one getdents(2) may bring. */
const SCAN_BUFFER_NAMES = 1024;

export class LocalUfs implements Ufs {
  readonly uri: string;
  readonly #gate: CallGate;
  readonly #tree: LocalTree;
  readonly #timeoutMs: number;
  readonly #windows = new NameWindows();

  constructor(root: string, options: LocalOptions) {
    this.uri = `file://${root}`;
    this.#gate = new CallGate({ ...options, explain: explainLocal });
    this.#tree = new LocalTree(root);
    this.#timeoutMs = options.timeoutMs;
  }

  async stat(path: string, signal: AbortSignal): Promise<UfsStatus | undefined> {
    checkUfsPath(path);
    return this.#gate.run(this.#call(path, signal), async (step) => {
      if (path === '') return this.#tree.rootEntry(step);
      const realDir = await this.#tree.directory(parentOf(path), step);
      if (realDir === undefined) return undefined;
      return this.#tree.entry(realDir, path.slice(path.lastIndexOf('/') + 1), step);
    });
  }

  async list(dirPath: string, options: UfsListOptions): Promise<UfsPage> {
    checkUfsPath(dirPath);
    const call = this.#call(dirPath, options.signal);
    return this.#gate.run(call, async (step) => {
      const realDir = await this.#tree.directory(dirPath, step);
      if (realDir === undefined) throw notADirectory(call.uri);
      return this.#page({ dirPath, realDir, options }, step);
    });
  }

  async read(path: string, options: UfsReadOptions): Promise<Readable> {
    checkUfsPath(path);
    const call = this.#call(path, options.signal);
    if (path === '') throw isADirectory(call.uri);
    return openStream(this.#gate, call, async (step) => {
      const found = await this.#tree.locatePath(path, step);
      if (found === undefined) throw absent(call.uri);
      if (!found.stats.isFile()) throw isADirectory(call.uri);
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      const handle = await this.#tree.call(step, () => open(found.real, flags));
      return this.#source(handle, options);
    });
  }

  async write(
    path: string,
    data: AsyncIterable<Uint8Array>,
    options: UfsWriteOptions,
  ): Promise<UfsStatus> {
    checkUfsPath(path);
    const call = this.#call(path, options.signal);
    if (path === '') throw isADirectory(call.uri);
    const release = await this.#gate.enter(call);
    try {
      return await writeFileAtomically({
        gate: this.#gate,
        tree: this.#tree,
        timeoutMs: this.#timeoutMs,
        call,
        path,
        data,
      });
    } finally {
      release();
    }
  }

  async close(): Promise<void> {
    this.#windows.clear();
    this.#gate.close();
  }

  #call(path: string, signal: AbortSignal): Call {
    return { uri: path === '' ? this.uri : `${this.uri.replace(/\/$/, '')}/${path}`, signal };
  }

  /** Goes on past names that turn out to be no entries, so that an empty page is the last. */
  async #page(
    place: { dirPath: string; realDir: string; options: UfsListOptions },
    signal: AbortSignal,
  ): Promise<UfsPage> {
    const limit = Math.min(place.options.limit, LIST_PAGE_ENTRIES_MAX);
    let cursor = place.options.startAfter ?? '';
    let skippedCount = 0;
    for (;;) {
      const window =
        this.#windows.take(place.dirPath, cursor) ??
        (await this.#scan(place.realDir, cursor, signal));
      const names = window.names.slice(0, limit);
      const read = await this.#entries(place.realDir, names, signal);
      skippedCount += read.skippedCount;
      cursor = names.at(-1) ?? cursor;
      const rest: NameWindow = { names: window.names.slice(limit), complete: window.complete };
      if (rest.names.length === 0 && rest.complete) return { entries: read.entries, skippedCount };
      if (rest.names.length > 0) this.#windows.keep(place.dirPath, cursor, rest);
      if (read.entries.length > 0) {
        return { entries: read.entries, nextStartAfter: cursor, skippedCount };
      }
    }
  }

  async #scan(realDir: string, cursor: string, signal: AbortSignal): Promise<NameWindow> {
    try {
      return await this.#tree.call(signal, () => collectWindow(namesOf(realDir, signal), cursor));
    } catch (error) {
      if (isAbsent(error)) throw notADirectory(`file://${realDir}`);
      throw error;
    }
  }

  async #entries(realDir: string, names: readonly string[], signal: AbortSignal) {
    const entries: UfsStatus[] = [];
    let skippedCount = 0;
    for (const entry of await this.#tree.entries(realDir, names, signal)) {
      const last = entries.at(-1);
      if (entry === undefined) skippedCount++;
      else if (last === undefined || compareNames(last.name, entry.name) < 0) entries.push(entry);
    }
    return { entries, skippedCount };
  }

  #source(handle: FileHandle, range: UfsReadOptions): ChunkSource {
    let position = range.offset ?? 0;
    let left = range.length ?? Number.POSITIVE_INFINITY;
    return {
      next: async (signal) => {
        const bytes = Math.min(left, CHUNK_BYTES);
        if (bytes === 0) return undefined;
        const chunk = Buffer.allocUnsafeSlow(bytes);
        const { bytesRead } = await this.#tree.call(signal, () =>
          handle.read(chunk, 0, bytes, position),
        );
        position += bytesRead;
        left -= bytesRead;
        return bytesRead === 0 ? undefined : chunk.subarray(0, bytesRead);
      },
      close: () => this.#tree.close(handle),
    };
  }
}

async function* namesOf(realDir: string, signal: AbortSignal): AsyncGenerator<string> {
  const dir = await opendir(realDir, { bufferSize: SCAN_BUFFER_NAMES });
  for await (const { name } of dir) {
    signal.throwIfAborted();
    if (!isTemporaryName(name)) yield name;
  }
}

const notADirectory = (uri: string): StatusError =>
  new StatusError(Code.NOT_FOUND, `${uri} is no directory in the store`, {
    hint: 'List its parent to see what is there.',
  });

const absent = (uri: string): StatusError =>
  new StatusError(Code.NOT_FOUND, `${uri} does not exist in the store`, {
    hint: 'List its parent to see what is there.',
  });

const isADirectory = (uri: string): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `${uri} is a directory`, {
    hint: 'Name a file in it.',
  });
