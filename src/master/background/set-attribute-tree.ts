/**
 * setAttribute of a whole subtree: first the directory, then everything below it, page by page.
 * Each inode is changed by the operation, with the caller's permissions.
 *
 * An inode that may not be changed is counted and reported, and the rest goes on. An inode that is
 * gone is neither.
 */

import { Code, StatusError } from '../../base/status.js';
import type { Executor } from '../executor/executor.js';
import { FLAG_CHILDREN_LOADED, INODE_TYPE_DIRECTORY } from '../memory/record.js';
import { reading, submitted } from '../ops/mechanism/promise-calls.js';
import { SetAttribute } from '../ops/verbs/set-attribute.js';
import type { PathWalk } from '../path/path-walk.js';
import { childrenPage } from './children-page.js';
import { isStatus, type LoadContext } from './directory-load.js';
import { MetadataLoader } from './metadata-loader.js';
import { NO_PROGRESS, type WorkRequest } from './tasks.js';
import type { WorkControl, WorkProgress } from './tree-load.js';
import { childPath, TreeWalk, type WalkFrame } from './tree-walk.js';
import { WorkFailures } from './work-failures.js';

/** Changes under way at a time: one sync of the journal serves them all. */
const PARALLEL = 128;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Request = Extract<WorkRequest, { kind: 'setAttribute' }>;

type Frame = WalkFrame & {
  readonly path: string;
  readonly id: number;
  isLoaded: boolean;
  after: Uint8Array | undefined;
};

export class SetAttributeTree extends TreeWalk<Frame> {
  readonly #context: LoadContext;
  readonly #request: Request;
  readonly #control: WorkControl;
  readonly #loader: MetadataLoader;
  readonly failures = new WorkFailures();
  #done = 0;
  #path: string;

  constructor(context: LoadContext, request: Request, control: WorkControl) {
    super(control.signal);
    this.#context = context;
    this.#request = request;
    this.#control = control;
    this.#loader = new MetadataLoader(context, control.signal);
    this.#path = request.path;
  }

  get progress(): WorkProgress {
    const { count: failed } = this.failures;
    return { ...NO_PROGRESS, done: this.#done, failed, path: this.#path };
  }

  /** Rejects when the root of the subtree itself cannot be changed, or when cancelled. */
  async run(): Promise<WorkProgress> {
    await this.#loader.load(this.#request.path, false, false);
    await this.#change(this.#request.path);
    this.#done++;
    const root = await this.open(this.#request.path);
    if (root !== undefined) await this.walk(root);
    return this.progress;
  }

  /** Undefined: a file, an inode that is gone, or one that no path can name. */
  protected async open(path: string): Promise<Frame | undefined> {
    try {
      return await this.#frameOf(path);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      // Its own change failed for the same reason, and was counted.
      return undefined;
    }
  }

  #frameOf(path: string): Promise<Frame | undefined> {
    return reading(this.#context.scheduler, 'setAttribute', this.#caller, (executor) => {
      const walk = executor.walkA;
      const { depth } = walkTo(executor, path);
      if (!walk.found || !walk.isDirectory(depth)) return undefined;
      return {
        path,
        id: walk.id(depth),
        isLoaded: (walk.flags(depth) & FLAG_CHILDREN_LOADED) !== 0,
        after: undefined,
        pending: [],
        busy: false,
        isDone: false,
      };
    });
  }

  protected async goOn(frame: Frame): Promise<void> {
    this.#path = frame.path;
    if (!frame.isLoaded) await this.#load(frame);
    const page = await childrenPage(this.#context, frame.id, {
      after: frame.after,
      limit: this.#context.pageEntries,
    });
    frame.after = page.next;
    const inodes = page.children.map(({ name, type }) => ({
      type,
      path: childPath(frame.path, decoder.decode(name)),
    }));
    for (let from = 0; from < inodes.length; from += PARALLEL) {
      this.#control.signal.throwIfAborted();
      const some = inodes.slice(from, from + PARALLEL);
      const errors = await Promise.all(some.map(({ path }) => this.#tryOne(path)));
      // Reported in the order of the names, not in the order of the failures.
      errors.forEach((error, at) => {
        if (error !== undefined) this.#note(error, some[at]!.path);
      });
      this.tell();
    }
    frame.isDone = page.next === undefined;
    frame.pending = inodes
      .filter(({ type }) => type === INODE_TYPE_DIRECTORY)
      .map(({ path }) => path);
  }

  protected tell(): void {
    this.#control.onProgress(this.progress);
  }

  async #tryOne(path: string): Promise<StatusError | undefined> {
    try {
      await this.#change(path);
      this.#done++;
      return undefined;
    } catch (error) {
      if (error instanceof StatusError) return error;
      throw error;
    }
  }

  #note(error: StatusError, path: string): void {
    // Deleted or moved since the page was read: there is nothing to change.
    if (error.code === Code.NOT_FOUND) return;
    this.failures.note(error, path);
  }

  async #change(path: string): Promise<void> {
    const { caller, change } = this.#request;
    const options = { path: encoder.encode(path), change };
    await submitted(this.#context.scheduler, (sink) => new SetAttribute(caller, 0, options, sink));
  }

  /** Children that only the store knows yet are changed too. */
  async #load(frame: Frame): Promise<void> {
    frame.isLoaded = true;
    try {
      await this.#loader.load(frame.path, true, false);
    } catch (error) {
      if (!(error instanceof StatusError) || isStatus(error, Code.CANCELLED)) throw error;
      this.#note(error, frame.path);
    }
  }

  get #caller() {
    return this.#context.caller;
  }
}

function walkTo(executor: Executor, path: string): PathWalk {
  executor.resolve(executor.walkA, encoder.encode(path));
  return executor.walkA;
}
