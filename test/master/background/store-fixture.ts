/** A fixture whose namespace has stores: executor 1 loads, as a background thread would. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LoadContext } from '../../../src/master/background/directory-load.js';
import { MetadataLoader } from '../../../src/master/background/metadata-loader.js';
import { StoreCache } from '../../../src/master/background/store-cache.js';
import { Mount } from '../../../src/master/ops/verbs/mount.js';
import { openUfs } from '../../../src/stores/registry.js';
import { Fixture, type FixtureOptions } from '../../support/fixture.js';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export class StoreFixture {
  readonly fixture: Fixture;
  /** Directories of local stores are made below it. */
  readonly root: string;
  readonly #openStore: typeof openUfs;
  #context: LoadContext | undefined;

  static async open(
    options: Partial<FixtureOptions> = {},
    openStore: typeof openUfs = openUfs,
  ): Promise<StoreFixture> {
    const root = await mkdtemp(path.join(tmpdir(), 'orchard-store-'));
    return new StoreFixture(root, options, openStore);
  }

  private constructor(root: string, options: Partial<FixtureOptions>, openStore: typeof openUfs) {
    this.root = root;
    this.#openStore = openStore;
    this.fixture = Fixture.open({
      ...options,
      loader: { load: (...asked) => new MetadataLoader(this.context).load(...asked) },
    });
  }

  get context(): LoadContext {
    const scheduler = this.fixture.schedulers[1]!;
    if (this.#context?.scheduler !== scheduler) {
      const stores = new StoreCache(scheduler.executor.mounts, {
        environment: {},
        timeoutMs: 5000,
        openStore: this.#openStore,
      });
      const caller = this.fixture.root;
      this.#context = { scheduler, stores, caller, pageEntries: 100 };
    }
    return this.#context;
  }

  /** Writes files, given as paths below the store's root; returns the URI of `store`. */
  async fill(store: string, files: readonly string[]): Promise<string> {
    const base = path.join(this.root, store);
    await mkdir(base, { recursive: true });
    for (const file of files) {
      const at = path.join(base, file);
      await mkdir(path.dirname(at), { recursive: true });
      if (!file.endsWith('/')) await writeFile(at, file);
      else await mkdir(at, { recursive: true });
    }
    return `file://${base}`;
  }

  mount(
    at: string,
    uri: string,
    more: { readOnly?: boolean; options?: Record<string, string> } = {},
  ) {
    const options = {
      path: bytesOf(at),
      uri,
      options: more.options ?? {},
      readOnly: more.readOnly ?? false,
      shared: false,
    };
    const { stores } = this.context;
    return this.settle(
      this.fixture.run((sink) => new Mount(this.fixture.root, 0, options, { stores, sink })),
    );
  }

  /** Runs writer and flusher until the promise settles. */
  async settle<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => undefined);
    const deadline = performance.now() + 30_000;
    while (!settled && performance.now() < deadline) {
      this.fixture.pump();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return done;
  }

  async close(): Promise<void> {
    await this.fixture.close();
    await rm(this.root, { recursive: true, force: true });
  }
}
