/**
 * A directory of this machine, or of a file server mounted on it, as a store. local-tree.ts decides
 * what is visible and what links do.
 */
import { type FileHandle, opendir } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { LIST_PAGE_ENTRIES_MAX } from '../base/limits.js';
import { type Call, CallGate } from './call-gate.js';
import { absent, changed, isADirectory, notADirectory } from './failures.js';
import { explainLocal } from './local-errors.js';
import { type Leftovers, removeLeftovers } from './local-leftovers.js';
import type { LocalRules } from './local-rules.js';
import { contentOf, isTemporaryName, LocalTree, parentOf } from './local-tree.js';
import { writeFileAtomically } from './local-write.js';
import { compareNames } from './name-order.js';
import { collectWindow, type NameWindow, NameWindows } from './name-windows.js';
import type { LocalOptions } from './options.js';
import { type ChunkSource, openStream } from './pull-stream.js';
import { SkipCount } from './skips.js';
import {
  checkUfsPath,
  isFingerprintOf,
  type Ufs,
  type UfsListOptions,
  type UfsPage,
  type UfsPlace,
  type UfsReadOptions,
  type UfsStatus,
  type UfsWriteOptions,
} from './ufs.js';

/** Bytes of one read(2): large enough that a transfer is mostly bytes, not turns of two threads. */
const CHUNK_BYTES = 512 * 1024;
/** Names that one getdents(2) may bring. */
const SCAN_BUFFER_NAMES = 1024;

export class LocalUfs implements Ufs {
  readonly uri: string;
  readonly #gate: CallGate;
  readonly #tree: LocalTree;
  readonly #timeoutMs: number;
  readonly #leftovers: Leftovers;
  readonly #windows = new NameWindows();

  constructor(
    root: string,
    options: LocalOptions,
    place: UfsPlace & { readonly rules?: LocalRules } = {},
  ) {
    this.uri = `file://${root}`;
    this.#gate = new CallGate({ ...options, explain: explainLocal });
    this.#tree = new LocalTree(root, place.rules);
    this.#timeoutMs = options.timeoutMs;
    const idleMs = place.readOnly === true ? undefined : options.idleMs;
    this.#leftovers = { tree: this.#tree, idleMs };
  }

  async stat(path: string, signal: AbortSignal): Promise<UfsStatus | undefined> {
    checkUfsPath(path);
    return this.#gate.run(this.#call(path, signal), async (step) => {
      if (path === '') return this.#tree.rootEntry(step);
      const name = path.slice(path.lastIndexOf('/') + 1);
      return this.#tree.withDirectory(parentOf(path), step, ({ at }) =>
        this.#tree.entry(at, name, step),
      );
    });
  }

  async list(dirPath: string, options: UfsListOptions): Promise<UfsPage> {
    checkUfsPath(dirPath);
    const call = this.#call(dirPath, options.signal);
    return this.#gate.run(call, async (step) => {
      const page = await this.#tree.withDirectory(dirPath, step, ({ at }) =>
        this.#page({ dirPath, at, options }, step),
      );
      if (page === undefined) throw notADirectory(call.uri);
      return page;
    });
  }

  async read(path: string, options: UfsReadOptions): Promise<Readable> {
    checkUfsPath(path);
    const call = this.#call(path, options.signal);
    if (path === '') throw isADirectory(call.uri);
    const { onBytes } = options;
    return openStream({ gate: this.#gate, call, onBytes }, async (step) => {
      const found = await this.#tree.openFile(path, step);
      if (found === undefined) throw absent(call.uri);
      const { handle, stats } = found;
      if (handle === undefined) throw isADirectory(call.uri);
      const source = this.#source(handle, options, call.uri);
      if (isFingerprintOf(contentOf(stats), options.expect ?? 0)) return source;
      await source.close();
      throw changed(call.uri);
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
    const release = await this.#gate.enter(call, 'write');
    try {
      return await writeFileAtomically({
        gate: this.#gate,
        tree: this.#tree,
        timeoutMs: this.#timeoutMs,
        call,
        path,
        data,
        options,
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

  /** Skips names that turn out to be no entries, so that an empty page is the last one. */
  async #page(
    place: { dirPath: string; at: string; options: UfsListOptions },
    signal: AbortSignal,
  ): Promise<UfsPage> {
    const { dirPath, at, options } = place;
    const limit = Math.min(options.limit, LIST_PAGE_ENTRIES_MAX);
    const skipped = new SkipCount();
    let cursor = options.startAfter ?? '';
    for (;;) {
      const window = this.#windows.take(dirPath, cursor) ?? (await this.#scan(at, cursor, signal));
      const names = window.names.slice(0, limit);
      const entries = await this.#entries({ at, names, skipped }, signal);
      cursor = names.at(-1) ?? cursor;
      const rest: NameWindow = { names: window.names.slice(limit), complete: window.complete };
      if (rest.names.length === 0 && rest.complete) return { entries, skipped: skipped.plain };
      if (rest.names.length > 0) this.#windows.keep(dirPath, cursor, rest);
      if (entries.length > 0) {
        return { entries, nextStartAfter: cursor, skipped: skipped.plain };
      }
    }
  }

  async #scan(at: string, cursor: string, signal: AbortSignal): Promise<NameWindow> {
    const temporaries: string[] = [];
    const names = namesOf(at, signal, (name) => temporaries.push(name));
    const window = await this.#tree.call(signal, () => collectWindow(names, cursor));
    await removeLeftovers(this.#leftovers, { at, names: temporaries }, signal);
    return window;
  }

  async #entries(
    place: { at: string; names: readonly string[]; skipped: SkipCount },
    signal: AbortSignal,
  ): Promise<UfsStatus[]> {
    const { at, names, skipped } = place;
    const entries: UfsStatus[] = [];
    for (const [i, entry] of (await this.#tree.entries(at, names, signal)).entries()) {
      const last = entries.at(-1);
      if (typeof entry === 'string') skipped.add(names[i]!, entry);
      else if (entry === undefined) continue;
      else if (last === undefined || compareNames(last.name, entry.name) < 0) entries.push(entry);
    }
    return entries;
  }

  #source(handle: FileHandle, range: UfsReadOptions, uri: string): ChunkSource {
    const { expect = 0 } = range;
    let position = range.offset ?? 0;
    let left = range.length ?? Number.POSITIVE_INFINITY;
    /**
     * If the file changed meanwhile, the bytes may be a mixture, so their end is not a valid end.
     */
    const end = async (signal: AbortSignal): Promise<undefined> => {
      if (expect === 0) return undefined;
      const stats = await this.#tree.call(signal, () => handle.stat());
      if (!isFingerprintOf(contentOf(stats), expect)) throw changed(uri);
      return undefined;
    };
    return {
      next: async (signal) => {
        const bytes = Math.min(left, CHUNK_BYTES);
        if (bytes === 0) return end(signal);
        const chunk = Buffer.allocUnsafeSlow(bytes);
        const { bytesRead } = await this.#tree.call(signal, () =>
          handle.read(chunk, 0, bytes, position),
        );
        position += bytesRead;
        left -= bytesRead;
        return bytesRead === 0 ? end(signal) : chunk.subarray(0, bytesRead);
      },
      close: () => this.#tree.close(handle),
    };
  }
}

async function* namesOf(
  at: string,
  signal: AbortSignal,
  onTemporary: (name: string) => void,
): AsyncGenerator<string> {
  const dir = await opendir(at, { bufferSize: SCAN_BUFFER_NAMES });
  for await (const { name } of dir) {
    signal.throwIfAborted();
    if (isTemporaryName(name)) onTemporary(name);
    else yield name;
  }
}
