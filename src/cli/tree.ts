/**
 * A tree of the namespace, walked depth first, with one listing for each directory. A directory
 * that cannot be listed is reported in its place, and the walk goes on. The first pages of the next
 * directories are requested ahead, so that many small directories do not wait for each other.
 */
import { OrchardError } from '../client/errors.js';
import type { FileStatus, ListedPage, LoadTypeName } from '../client/index.js';
import type { Client } from './io.js';
import type { Shell } from './shell.js';

/** Pages that are held or asked for before their turn. */
const AHEAD_MAX = 16;
/** How far ahead in a page directories are looked for. */
const LOOK_AHEAD = 128;

export type TreeOptions = {
  readonly load?: LoadTypeName;
  /** Levels below the root; default all. */
  readonly depthMax?: number;
};

/** Everything below a directory; throws where that itself cannot be listed. */
export async function* walkTree(
  shell: Shell,
  root: string,
  options: TreeOptions = {},
): AsyncGenerator<FileStatus, void, undefined> {
  const walk = new Walk(shell, await shell.client(), options);
  try {
    yield* walk.below(root, 1);
  } finally {
    walk.stop();
  }
}

type Pages = {
  readonly iterator: AsyncIterator<ListedPage, void, undefined>;
  readonly first: Promise<IteratorResult<ListedPage, void>>;
};

class Walk {
  readonly #shell: Shell;
  readonly #client: Client;
  readonly #options: TreeOptions;
  readonly #ahead = new Map<string, Pages>();
  readonly #over = new AbortController();

  constructor(shell: Shell, client: Client, options: TreeOptions) {
    this.#shell = shell;
    this.#client = client;
    this.#options = options;
  }

  stop(): void {
    this.#over.abort();
  }

  async *below(path: string, level: number): AsyncGenerator<FileStatus, void, undefined> {
    const { iterator, first } = this.#take(path);
    const { depthMax = Number.POSITIVE_INFINITY } = this.#options;
    for (let next = first; ; next = iterator.next()) {
      const page = await this.#pageOf(next, path, level);
      if (page === undefined) return;
      for (const [at, entry] of page.entries.entries()) {
        yield entry;
        if (entry.type !== 'directory' || level >= depthMax) continue;
        this.#askAhead(page.entries, at);
        yield* this.below(entry.path, level + 1);
      }
    }
  }

  /** Undefined: there are no further pages, or none can be had. */
  async #pageOf(
    next: Promise<IteratorResult<ListedPage, void>>,
    path: string,
    level: number,
  ): Promise<ListedPage | undefined> {
    try {
      const result = await next;
      return result.done === true ? undefined : result.value;
    } catch (thrown) {
      if (level === 1 || this.#shell.isFatal(thrown)) throw thrown;
      // It was deleted after its parent was listed, so nothing is missing.
      const isGone = thrown instanceof OrchardError && thrown.code === 'NOT_FOUND';
      if (!isGone)
        await this.#shell.fail(thrown instanceof OrchardError ? at(thrown, path) : thrown);
      return undefined;
    }
  }

  #begin(path: string): Pages {
    const signal = AbortSignal.any([this.#shell.signal, this.#over.signal]);
    const { load = 'once' } = this.#options;
    const iterator = this.#client.listPages(path, { load, signal });
    const first = iterator.next();
    // Awaited when its turn comes, or never; then its failure concerns nobody.
    first.catch(() => undefined);
    return { iterator, first };
  }

  #take(path: string): Pages {
    const pages = this.#ahead.get(path) ?? this.#begin(path);
    this.#ahead.delete(path);
    return pages;
  }

  #askAhead(entries: readonly FileStatus[], from: number): void {
    const until = Math.min(entries.length, from + LOOK_AHEAD);
    for (let at = from; at < until && this.#ahead.size < AHEAD_MAX; at++) {
      const { type, path } = entries[at]!;
      if (type === 'directory' && !this.#ahead.has(path)) this.#ahead.set(path, this.#begin(path));
    }
  }
}

/** Adds the path of the directory if the error has none. */
function at(error: OrchardError, path: string): OrchardError {
  if (error.path !== undefined) return error;
  return new OrchardError(error.code, error.message, { path, hint: error.hint });
}
