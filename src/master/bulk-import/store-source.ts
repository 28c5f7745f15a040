/**
 * Entries of a store, found by walking it: every directory is listed once, in the order of names.
 * The listings of the next directories are requested ahead.
 *
 *   frames:  ''  ▸ a  ▸ b     the directories from the root to where the walk is
 *
 * Invariant: memory is a page of a listing for each level, and a few ahead.
 */
import { z } from 'zod';
import { PATH_BYTES_MAX, PATH_DEPTH_MAX } from '../../base/limits.js';
import type { SkipReason } from '../../base/skip-reasons.js';
import { compareNames } from '../../stores/name-order.js';
import { noSkips, type Skips } from '../../stores/skips.js';
import { fingerprint, type Ufs, type UfsPage, type UfsStatus } from '../../stores/ufs.js';
import {
  type EntryBatch,
  type EntrySource,
  MODE_UNKNOWN,
  NAME_UNKNOWN,
  TIME_UNKNOWN,
} from './entry-batch.js';
import { type PathRoom, pathProblem } from './entry-path.js';
import { type Rejects, storeReason } from './rejects.js';

const PAGE_ENTRIES = 1000;
/** Directories whose first page is requested early. */
const AHEAD_MAX = 8;

export type StoreOptions = {
  readonly store: Ufs;
  /** Directory of the store that is the target. */
  readonly path: string;
  readonly room: PathRoom;
  readonly rejects: Rejects;
  readonly signal: AbortSignal;
  /** Number of a user or group. */
  readonly intern: (name: string) => number;
};

type Frame = {
  /** Relative to the target, ending with a slash, '' for itself. */
  readonly path: string;
  page: Promise<UfsPage>;
  entries: readonly UfsStatus[];
  next: number;
  isLast: boolean;
  /** What the page left out, in the order of names; the first `passed` are told already. */
  skips: Skips;
  passed: number;
  readonly ahead: Map<string, Promise<UfsPage>>;
};

const positionSchema = z.object({ after: z.string(), count: z.int(), isEnd: z.boolean() });
const BEGIN = { after: '', count: 0, isEnd: false };

export class StoreSource implements EntrySource {
  readonly identity: string;
  readonly size = 0;
  readonly #options: StoreOptions;
  #frames: Frame[] = [];
  /** Path of the last entry; that of a directory ends with a slash. */
  #after = '';
  #count = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.identity = `${options.store.uri} ${options.path}`;
  }

  get done(): number {
    return this.#count;
  }

  async read(batch: EntryBatch): Promise<boolean> {
    while (!batch.isFull) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) break;
      const status = frame.entries[frame.next];
      if (status === undefined) {
        this.#passRest(frame);
        if (frame.isLast) this.#frames.pop();
        // Whole pages: an import that stops between two batches misses nothing.
        else await this.#turn(frame);
        continue;
      }
      frame.next++;
      this.#passSkips(frame, status.name);
      this.#take(batch, frame, status);
    }
    return batch.count > 0;
  }

  position(): unknown {
    // What was left out behind the last entry is told too at the end.
    return { after: this.#after, count: this.#count, isEnd: this.#frames.length === 0 };
  }

  async seek(position?: unknown): Promise<void> {
    const { after, count, isEnd } = position === undefined ? BEGIN : positionSchema.parse(position);
    this.#after = after;
    this.#count = count;
    this.#frames = [];
    if (isEnd) return;
    const names = after.split('/');
    let path = '';
    for (const [i, name] of names.entries()) {
      this.#frames.push(this.#frame(path, name === '' ? undefined : name));
      if (i < names.length - 1) path += `${name}/`;
    }
  }

  async close(): Promise<void> {
    this.#frames = [];
    await this.#options.store.close();
  }

  #frame(path: string, startAfter?: string, page?: Promise<UfsPage>): Frame {
    return {
      path,
      page: page ?? this.#list(path, startAfter),
      entries: [],
      next: 0,
      isLast: false,
      skips: noSkips,
      passed: 0,
      ahead: new Map(),
    };
  }

  #list(path: string, startAfter?: string): Promise<UfsPage> {
    const { store, path: root, signal } = this.#options;
    const at = [root, path.slice(0, -1)].filter((part) => part !== '').join('/');
    const page = store.list(at, { limit: PAGE_ENTRIES, signal, startAfter });
    // Its failure shows where it is awaited; a page that nobody needs fails nobody.
    page.catch(() => undefined);
    return page;
  }

  /** Takes the requested page, and requests the next one. */
  async #turn(frame: Frame): Promise<void> {
    const { entries, nextStartAfter, skipped } = await frame.page;
    frame.entries = entries;
    frame.next = 0;
    const samples = [...skipped.samples].sort((a, b) => compareNames(a.name, b.name));
    frame.skips = { ...skipped, samples };
    frame.passed = 0;
    frame.isLast = nextStartAfter === undefined;
    if (nextStartAfter !== undefined) frame.page = this.#list(frame.path, nextStartAfter);
    this.#askAhead(frame);
  }

  /**
   * Tells what was left out up to a name, when the walk gets there and not with its page: so a walk
   * that goes on from a position tells each once.
   */
  #passSkips(frame: Frame, upTo: string | undefined): void {
    const { samples } = frame.skips;
    for (; frame.passed < samples.length; frame.passed++) {
      const { name, reason } = samples[frame.passed]!;
      if (upTo !== undefined && compareNames(name, upTo) > 0) return;
      const path = Buffer.from(`${frame.path}${name}`);
      this.#options.rejects.add(storeReason(reason), this.#count, path);
    }
  }

  /** At the end of a page: what has no sample too. */
  #passRest(frame: Frame): void {
    this.#passSkips(frame, undefined);
    const { reasons, samples } = frame.skips;
    frame.skips = noSkips;
    frame.passed = 0;
    for (const [reason, count] of Object.entries(reasons) as [SkipReason, number][]) {
      const named = samples.filter((sample) => sample.reason === reason).length;
      this.#options.rejects.addUnnamed(storeReason(reason), count - named);
    }
  }

  #askAhead(frame: Frame): void {
    for (let i = frame.next; i < frame.entries.length && frame.ahead.size < AHEAD_MAX; i++) {
      const { name, type } = frame.entries[i]!;
      if (type !== 'directory' || frame.ahead.has(name)) continue;
      frame.ahead.set(name, this.#list(`${frame.path}${name}/`));
    }
  }

  #take(batch: EntryBatch, frame: Frame, status: UfsStatus): void {
    const isDirectory = status.type === 'directory';
    const path = `${frame.path}${status.name}${isDirectory ? '/' : ''}`;
    this.#after = path;
    this.#count++;
    const page = frame.ahead.get(status.name);
    frame.ahead.delete(status.name);
    const isTooLong = path.length > PATH_BYTES_MAX;
    const bytes = isTooLong ? 0 : batch.bytes.write(path, batch.end);
    const { room, rejects } = this.#options;
    const problem = isTooLong ? 'path' : pathProblem(batch.bytes, batch.end, bytes, room);
    if (problem !== undefined) {
      rejects.add(problem, this.#count, Buffer.from(path));
      return;
    }
    batch.take(bytes, this.#entry(status, isDirectory));
    if (!isDirectory || this.#frames.length > PATH_DEPTH_MAX) return;
    this.#frames.push(this.#frame(path, undefined, page));
    this.#askAhead(frame);
  }

  #entry(status: UfsStatus, isDirectory: boolean) {
    const { intern } = this.#options;
    return {
      length: isDirectory ? 0 : status.length,
      mtimeMs: status.mtimeMs ?? TIME_UNKNOWN,
      fingerprint: fingerprint(status),
      mode: status.mode ?? MODE_UNKNOWN,
      owner: status.owner === undefined ? NAME_UNKNOWN : intern(status.owner),
      group: status.group === undefined ? NAME_UNKNOWN : intern(status.group),
      line: this.#count,
    };
  }
}
