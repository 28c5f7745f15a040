/**
 * setAttribute of a whole subtree: the directory first, then what is below it, page by page, each
 * inode with the operation and the permissions of whoever asked. Several at a time. Floor 6.
 *
 * An inode that may not be changed, or is gone, is counted, and the rest goes on.
 */
import { FLAG_CHILDREN_LOADED, INODE_TYPE_DIRECTORY } from '../base/record.js';
import { Code, StatusError } from '../base/status.js';
import { reading, submitted } from '../ops/promise-calls.js';
import { SetAttribute } from '../ops/set-attribute.js';
import { childrenPage } from './children-page.js';
import { isStatus, type LoadContext } from './directory-load.js';
import { MetadataLoader } from './metadata-loader.js';
import { type JobRequest, NO_PROGRESS } from './tasks.js';
import type { WorkControl, WorkProgress } from './tree-load.js';

/** Changes under way at a time: one sync of the journal serves them all. */
const PARALLEL = 128;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Request = Extract<JobRequest, { kind: 'setAttribute' }>;

/** A directory whose children are to be changed; depth first, one page of each in memory. */
type Frame = {
  readonly path: string;
  readonly id: number;
  after: Uint8Array | undefined;
  directories: { readonly path: string; readonly id: number }[];
  isDone: boolean;
};

export class SetAttributeTree {
  readonly #context: LoadContext;
  readonly #request: Request;
  readonly #control: WorkControl;
  readonly #loader: MetadataLoader;
  #done = 0;
  #failed = 0;
  #path: string;
  #firstError: StatusError | undefined;

  constructor(context: LoadContext, request: Request, control: WorkControl) {
    this.#context = context;
    this.#request = request;
    this.#control = control;
    this.#loader = new MetadataLoader(context, control.signal);
    this.#path = request.path;
  }

  get firstError(): StatusError | undefined {
    return this.#firstError;
  }

  get progress(): WorkProgress {
    return { ...NO_PROGRESS, done: this.#done, failed: this.#failed, path: this.#path };
  }

  /** Rejects when the root of the subtree itself cannot be changed, or when cancelled. */
  async run(): Promise<WorkProgress> {
    await this.#loader.load(this.#request.path, false);
    await this.#change(this.#request.path);
    this.#done++;
    const root = await this.#directory(this.#request.path);
    const stack: Frame[] = root === undefined ? [] : [frameOf(this.#request.path, root)];
    while (stack.length > 0) {
      this.#control.signal.throwIfAborted();
      const frame = stack.at(-1)!;
      const next = frame.directories.pop();
      if (next !== undefined) stack.push(frameOf(next.path, next.id));
      else if (frame.isDone) stack.pop();
      else await this.#page(frame);
    }
    return this.progress;
  }

  async #page(frame: Frame): Promise<void> {
    this.#path = frame.path;
    if (frame.after === undefined) await this.#load(frame.path);
    const page = await childrenPage(this.#context, frame.id, {
      after: frame.after,
      limit: this.#context.pageEntries,
    });
    frame.after = page.next;
    frame.isDone = page.next === undefined;
    const inodes = page.children.map((inode) => ({
      inode,
      path: `${frame.path === '/' ? '' : frame.path}/${decoder.decode(inode.name)}`,
    }));
    for (let from = 0; from < inodes.length; from += PARALLEL) {
      this.#control.signal.throwIfAborted();
      await Promise.all(inodes.slice(from, from + PARALLEL).map(({ path }) => this.#tryOne(path)));
      this.#control.onProgress(this.progress);
    }
    frame.directories = inodes
      .filter(({ inode }) => inode.type === INODE_TYPE_DIRECTORY)
      .map(({ inode, path }) => ({ path, id: inode.id }));
  }

  async #tryOne(path: string): Promise<void> {
    try {
      await this.#change(path);
      this.#done++;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      // Deleted or moved since the page was read: there is nothing to change.
      if (error.code === Code.NOT_FOUND) return;
      this.#failed++;
      this.#firstError ??= error;
    }
  }

  async #change(path: string): Promise<void> {
    const { caller, change } = this.#request;
    const options = { path: encoder.encode(path), change };
    await submitted(
      this.#context.scheduler,
      (sink) => new SetAttribute(caller, 0, options, sink),
      this.#control.signal,
    );
  }

  /** Children that only the store knows yet are changed too. */
  async #load(path: string): Promise<void> {
    const isLoaded = await reading(this.#context.scheduler, 'setAttribute', this.#caller, (e) => {
      e.resolve(e.walkA, encoder.encode(path));
      return !e.walkA.found || isLoadedFlag(e.walkA.flags(e.walkA.depth));
    });
    if (isLoaded) return;
    try {
      await this.#loader.load(path, true);
    } catch (error) {
      if (!(error instanceof StatusError) || isStatus(error, Code.CANCELLED)) throw error;
      this.#failed++;
      this.#firstError ??= error;
    }
  }

  /** Id of the directory at the path; undefined for a file. */
  #directory(path: string): Promise<number | undefined> {
    return reading(this.#context.scheduler, 'setAttribute', this.#caller, (executor) => {
      const walk = executor.walkA;
      executor.resolve(walk, encoder.encode(path));
      return walk.found && walk.isDirectory(walk.depth) ? walk.id(walk.depth) : undefined;
    });
  }

  get #caller() {
    return this.#context.caller;
  }
}

const isLoadedFlag = (flags: number): boolean => (flags & FLAG_CHILDREN_LOADED) !== 0;

const frameOf = (path: string, id: number): Frame => ({
  path,
  id,
  after: undefined,
  directories: [],
  isDone: false,
});
