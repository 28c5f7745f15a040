/**
 * Loads metadata that a call waits for: the missing components of one path, or the children of one
 * directory. Runs in a background thread, beside the other work of that thread.
 *
 * It is no failure if the store does not have it: the call looks again and finds it absent. Nor is
 * it a failure if a directory was moved meanwhile.
 */

import { Code, type StatusError } from '../../base/status.js';
import { noSkips, SkipCount } from '../../stores/skips.js';
import type { Loader } from '../executor/executor.js';
import { isReadOnly } from '../executor/read-only.js';
import { isBelowFile } from '../ops/mechanism/failures.js';
import { originOf } from '../ops/mechanism/origins.js';
import { reading } from '../ops/mechanism/promise-calls.js';
import {
  addBatch,
  findPlace,
  isStatus,
  type LoadContext,
  loadPage,
  type Place,
} from './directory-load.js';
import { type LoadReport, reportOf } from './load-report.js';
import { StoreRefresh } from './store-refresh.js';
import { childPath } from './tree-walk.js';

const encoder = new TextEncoder();

/** The first failure is reported as one of the listing. */
const onFailure = (error: StatusError): never => {
  throw error;
};

/** A component that the namespace lacks, and the directory in which its store may have it. */
type Missing = { readonly directory: Omit<Place, 'isLoaded' | 'length'>; readonly name: string };

export class MetadataLoader implements Loader {
  readonly #context: LoadContext;
  readonly #signal: AbortSignal;

  constructor(context: LoadContext, signal: AbortSignal = new AbortController().signal) {
    this.#context = context;
    this.#signal = signal;
  }

  async load(path: string, children: boolean, again = false): Promise<void> {
    await this.loadCounted(path, children, again);
  }

  /** Resolves with the outcome. */
  async loadCounted(path: string, children: boolean, again = false): Promise<LoadReport> {
    const skipped = new SkipCount();
    const refresh = new StoreRefresh(this.#context, { signal: this.#signal, onFailure });
    // With a full disk nothing new is loaded: calls see only what is here.
    if (isReadOnly(this.#context.scheduler.executor.shared)) return reportOf(noSkips, refresh);
    try {
      if (again) await refresh.path(path);
      await this.#loadPath(path);
      if (children) await this.#loadChildren(path, skipped, again ? refresh : undefined);
    } catch (error) {
      if (!isStatus(error, Code.NOT_FOUND)) throw error;
    }
    return reportOf(skipped.plain, refresh);
  }

  async #loadPath(path: string): Promise<void> {
    let before: Missing | undefined;
    for (;;) {
      const missing = await this.#firstMissing(path);
      if (missing === undefined) return;
      // The store has it, but under a name that is taken: it stays missing.
      if (before?.directory.id === missing.directory.id && before.name === missing.name) return;
      before = missing;
      if (!(await this.#loadComponent(missing))) return;
    }
  }

  /** False: the store does not have it. */
  async #loadComponent({ directory, name }: Missing): Promise<boolean> {
    const store = await this.#context.stores.open(directory.mount);
    const at = directory.origin.path === '' ? name : `${directory.origin.path}/${name}`;
    const status = await store.stat(at, this.#signal);
    if (status === undefined) return false;
    await addBatch(this.#context, directory, [{ ...status, name }], false);
    return true;
  }

  #firstMissing(path: string): Promise<Missing | undefined> {
    const { scheduler, caller } = this.#context;
    return reading(scheduler, 'load', caller, (executor) => {
      const walk = executor.walkA;
      executor.resolve(walk, encoder.encode(path));
      if (walk.found || isBelowFile(walk)) return undefined;
      const node = walk.next - 1;
      const mount = executor.mounts.byId(walk.mountId(node));
      if (mount === undefined) return undefined;
      const origin = originOf(executor, walk, node);
      const directory = { path: walk.text(node), id: walk.id(node), mount, origin };
      return { directory, name: walk.nameText(walk.next) };
    });
  }

  async #loadChildren(
    path: string,
    skipped: SkipCount,
    refresh: StoreRefresh | undefined,
  ): Promise<void> {
    const place = await findPlace(this.#context, path);
    if (place === undefined) return;
    let cursor: string | undefined;
    do {
      const page = await loadPage(this.#context, place, cursor, this.#signal);
      skipped.addAll(page.skipped, childPath(place.path, ''));
      if (place.length > 0) await refresh?.page(place, page, cursor);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}
