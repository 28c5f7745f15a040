/**
 * The part of a local file system that a mount may see: what lies below its root, and nothing
 * else. Every system call that local.ts makes on a path goes through a check here.
 *
 * Symbolic links: one that leads to a regular file inside the root is shown as that file; any
 * other (to a directory, out of the root, broken) does not exist for us. So no path leads outside
 * and no directory has two paths. Sockets, pipes and devices do not exist either.
 * A process that swaps a directory for a link between our check and our use can still mislead us:
 * whoever may write below the root is trusted that far.
 *
 * Every system call takes a permit first: libuv has four threads for the whole process, and a
 * dead NFS server holds each thread that asks it until the server is back. SYSTEM_CALLS_MAX keeps
 * a dead mount from taking them all (UV_THREADPOOL_SIZE raises their number, for many mounts).
 */
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Code, StatusError } from '../base/status.js';
import { type Accounts, readAccounts } from './accounts.js';
import { isAbsent } from './local-errors.js';
import { Semaphore } from './semaphore.js';
import { isUfsName, type UfsStatus } from './ufs.js';

/** Of one mount, at a time. */
const SYSTEM_CALLS_MAX = 2;
/** More than all calls of a mount together can ask for: calls are bounded before they get here. */
const SYSTEM_CALLS_WAITING_MAX = 1_000_000;

const temporaryName = /^\.orchard-[0-9a-f]{16}\.tmp$/;

/** A file that is still being written: never listed, never found. */
export const isTemporaryName = (name: string): boolean => temporaryName.test(name);

export class LocalTree {
  readonly #root: string;
  readonly #threads = new Semaphore({
    permitCountMax: SYSTEM_CALLS_MAX,
    waiterCountMax: SYSTEM_CALLS_WAITING_MAX,
  });
  #accounts: Promise<Accounts> | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** One system call, or a short series of them, under one permit. */
  async call<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const release = await this.#threads.acquire(signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Whatever became of the caller, a file that was opened gets closed, once a thread is free. */
  close(handle: FileHandle): Promise<void> {
    return this.call(new AbortController().signal, () => handle.close());
  }

  /** The root with its own links followed; a root that is gone is a store that is down. */
  async root(signal: AbortSignal): Promise<string> {
    try {
      return await this.call(signal, () => realpath(this.#root));
    } catch (error) {
      if (!isAbsent(error)) throw error;
      throw new StatusError(Code.UNAVAILABLE, `the root of the mount is gone: ${this.#root}`, {
        hint: 'Check that the file system below it is mounted.',
      });
    }
  }

  /** Where the directory really is, undefined when the mount has no such directory. */
  async directory(dirPath: string, signal: AbortSignal): Promise<string | undefined> {
    const root = await this.root(signal);
    if (dirPath === '') return root;
    if (dirPath.split('/').some(isTemporaryName)) return undefined;
    const expected = join(root, dirPath);
    const real = await this.call(signal, () => realpath(expected)).catch(undefinedIfAbsent);
    return real === expected ? real : undefined;
  }

  /** The entry of this name in a directory that directory() gave. */
  async entry(realDir: string, name: string, signal: AbortSignal): Promise<UfsStatus | undefined> {
    const [entry] = await this.entries(realDir, [name], signal);
    return entry;
  }

  /**
   * The entries of these names, undefined where there is none. A permit serves many names here:
   * asking for one each costs as much as the system call.
   */
  async entries(
    realDir: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<(UfsStatus | undefined)[]> {
    const found: (Stats | undefined)[] = [];
    let nextIndex = 0;
    const lane = async (): Promise<void> => {
      for (let index = nextIndex++; index < names.length; index = nextIndex++) {
        signal.throwIfAborted();
        found[index] = await visibleStats(realDir, names[index]!);
      }
    };
    const laneCount = Math.min(SYSTEM_CALLS_MAX, names.length);
    await Promise.all(Array.from({ length: laneCount }, () => this.call(signal, lane)));
    this.#accounts ??= readAccounts();
    const accounts = await this.#accounts;
    const entries: (UfsStatus | undefined)[] = [];
    for (const [index, name] of names.entries()) {
      const stats = await this.#followed(join(realDir, name), found[index], signal);
      entries.push(stats && statusOf(name, stats.stats, accounts));
    }
    return entries;
  }

  /** The entry with the place its bytes are at, which differs for a link. */
  async locate(
    realDir: string,
    name: string,
    signal: AbortSignal,
  ): Promise<{ real: string; stats: Stats } | undefined> {
    const stats = await this.call(signal, () => visibleStats(realDir, name));
    return this.#followed(join(realDir, name), stats, signal);
  }

  /** The entry at a path of the mount, as locate(); undefined for the root, which has no name. */
  async locatePath(
    path: string,
    signal: AbortSignal,
  ): Promise<{ real: string; stats: Stats } | undefined> {
    const realDir = await this.directory(parentOf(path), signal);
    if (realDir === undefined) return undefined;
    return this.locate(realDir, basename(path), signal);
  }

  /** The root as an entry; undefined when it is not there, as for any other path. */
  async rootEntry(signal: AbortSignal): Promise<UfsStatus | undefined> {
    const stats = await this.call(signal, () => stat(this.#root)).catch(undefinedIfAbsent);
    this.#accounts ??= readAccounts();
    return stats && statusOf('', stats, await this.#accounts);
  }

  async #followed(real: string, stats: Stats | undefined, signal: AbortSignal) {
    if (stats?.isSymbolicLink() === true) return this.#target(real, signal);
    return stats && (stats.isFile() || stats.isDirectory()) ? { real, stats } : undefined;
  }

  async #target(link: string, signal: AbortSignal) {
    const real = await this.call(signal, () => realpath(link)).catch(undefinedIfAbsent);
    if (real === undefined) return undefined;
    const root = await this.root(signal);
    if (!real.startsWith(root === '/' ? '/' : `${root}/`)) return undefined;
    const stats = await this.call(signal, () => lstat(real)).catch(undefinedIfAbsent);
    return stats?.isFile() === true ? { real, stats } : undefined;
  }
}

async function visibleStats(realDir: string, name: string): Promise<Stats | undefined> {
  if (isTemporaryName(name) || !isUfsName(name)) return undefined;
  return lstat(join(realDir, name)).catch(undefinedIfAbsent);
}

function statusOf(name: string, stats: Stats, accounts: Accounts): UfsStatus {
  const shared = {
    name,
    mtimeMs: Math.floor(stats.mtimeMs),
    mode: stats.mode & 0o7777,
    owner: accounts.userOf(stats.uid),
    group: accounts.groupOf(stats.gid),
  };
  if (stats.isDirectory()) return { ...shared, type: 'directory', length: 0 };
  return { ...shared, type: 'file', length: stats.size, etag: etagOf(stats) };
}

/** '' for a child of the root. */
export const parentOf = (path: string): string => {
  const parent = dirname(path);
  return parent === '.' ? '' : parent;
};

/** The inode tells a replaced file from an edited one; mtimeMs has its fraction here. */
const etagOf = (stats: Stats): string =>
  `${stats.ino.toString(36)}-${stats.mtimeMs}-${stats.size.toString(36)}`;

function undefinedIfAbsent(error: unknown): undefined {
  if (isAbsent(error)) return undefined;
  throw error;
}
