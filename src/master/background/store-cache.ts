/**
 * The open stores of one thread. A store is opened at its first use. It is closed soon after its
 * mount is gone or has got other options; this ends the calls under way in it. Opening calls no
 * store.
 */

import { MeteredStore, type StoreMeter } from '../../stores/metered-store.js';
import { openUfs, type StoreRules } from '../../stores/registry.js';
import type { Ufs, UfsStatus } from '../../stores/ufs.js';
import type { Mount, MountTable } from '../mount/mount-table.js';
import type { Stores } from '../mount/stores.js';

type Options = Readonly<Record<string, string>>;

export type StoreCacheOptions = {
  /** Where `env:NAME` options are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For mounts without an option of their own. */
  readonly timeoutMs: number;
  /** What mounts may reach; without them, everything. */
  readonly rules?: StoreRules;
  /** Where uploads under way are noted. */
  readonly uploadNotes?: string;
  /** Told of every call to the store of a mount, by its number. */
  readonly meterOf?: (mountId: number) => StoreMeter;
  /** How a store is opened; tests put faulty ones in. */
  readonly openStore?: typeof openUfs;
};

/** Pause between two looks at the mount table, for transfers that are under way. */
const LOOK_INTERVAL_MS = 250;

type Row = { readonly content: string; readonly store: Promise<Ufs> };

export class StoreCache implements Stores {
  readonly #mounts: MountTable;
  readonly #options: StoreCacheOptions;
  readonly #rows = new Map<number, Row>();
  #version = -1;
  #timer: NodeJS.Timeout | undefined;

  constructor(mounts: MountTable, options: StoreCacheOptions) {
    this.#mounts = mounts;
    this.#options = options;
  }

  async open(mount: Mount): Promise<Ufs> {
    this.#dropOld();
    const content = contentOf(mount);
    const row = this.#rows.get(mount.mountId);
    if (row !== undefined && row.content === content) return row.store;
    if (row !== undefined) this.#close(mount.mountId, row);
    const store = this.#openMetered(mount);
    this.#rows.set(mount.mountId, { content, store });
    this.#timer ??= setInterval(() => this.#dropOld(), LOOK_INTERVAL_MS).unref();
    // The caller gets the failure; the next call tries again.
    store.catch(() => this.#rows.delete(mount.mountId));
    return store;
  }

  async check(uri: string, options: Options): Promise<void> {
    const store = await this.#openNew(uri, options);
    await store.close();
  }

  async probe(uri: string, options: Options): Promise<UfsStatus | undefined> {
    const store = await this.#openNew(uri, options);
    try {
      return await store.stat('', new AbortController().signal);
    } finally {
      await store.close();
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const rows = [...this.#rows];
    this.#rows.clear();
    await Promise.allSettled(rows.map(async ([, { store }]) => (await store).close()));
  }

  async #openMetered({ mountId, uri, options, readOnly }: Mount): Promise<Ufs> {
    const store = await this.#openNew(uri, options, readOnly);
    const { meterOf } = this.#options;
    return meterOf === undefined ? store : new MeteredStore(store, meterOf(mountId));
  }

  #openNew(uri: string, options: Options, readOnly = true): Promise<Ufs> {
    const open = this.#options.openStore ?? openUfs;
    const withDefaults = { timeoutMs: String(this.#options.timeoutMs), ...options };
    const { environment, rules, uploadNotes } = this.#options;
    const place = { readOnly, uploadNotes, ...(rules !== undefined && { rules }) };
    return open(uri, withDefaults, environment, place);
  }

  /** Closes the stores of removed mounts, when the mount table has changed. */
  #dropOld(): void {
    const { version } = this.#mounts;
    if (version === this.#version) return;
    this.#version = version;
    for (const [mountId, row] of this.#rows) {
      const mount = this.#mounts.byId(mountId);
      if (mount === undefined || row.content !== contentOf(mount)) this.#close(mountId, row);
    }
  }

  #close(mountId: number, row: Row): void {
    this.#rows.delete(mountId);
    row.store.then((store) => store.close()).catch(ignoreUnopened);
  }
}

const contentOf = ({ uri, options, readOnly }: Mount): string =>
  JSON.stringify([uri, options, readOnly]);

/** It never opened, and its caller has got the failure. */
const ignoreUnopened = (): void => undefined;
