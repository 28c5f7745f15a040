/**
 * The part of a local file system that a mount may see: what lies below its root, and nothing
 * else. Every system call that local.ts makes on a path goes through a check here.
 *
 * A symbolic link to a regular file inside the root is shown as that file. Any other link (to a
 * directory, out of the root, broken) is hidden. So no path leads outside, and no directory has two
 * paths. Sockets, pipes and devices are hidden too.
 * A process may replace a directory or a file by a link between our check of its path and our use
 * of it. So nothing relies on that check. An opened file is asked for its place (placeOf), and
 * entries of a directory are reached through the opened directory (withDirectory, as openat(2)
 * does).
 *
 * Every system call takes a permit first: libuv has four threads for the whole process, and a
 * dead NFS server holds each thread that asks it until the server is back. SYSTEM_CALLS_MAX keeps
 * a dead mount from taking them all (UV_THREADPOOL_SIZE raises their number, for many mounts).
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Semaphore } from '../base/semaphore.js';
import type { SkipReason } from '../base/skip-reasons.js';
import { Code, StatusError } from '../base/status.js';
import { type Accounts, readAccounts } from './accounts.js';
import { STORE_DOWN_MS } from './failures.js';
import { isAbsent, systemCode } from './local-errors.js';
import { checkLocalRoot, type LocalRules } from './local-rules.js';
import { oddValue } from './skips.js';
import { isUfsName, type UfsStatus } from './ufs.js';

/** Of one mount, at a time. */
const SYSTEM_CALLS_MAX = 2;
/** More than all calls of a mount can ask for, because calls are bounded before they get here. */
const SYSTEM_CALLS_WAITING_MAX = 1_000_000;

const temporaryName = /^\.orchard-[0-9a-f]{16}\.tmp$/;

/** A file that is still being written: never listed, never found. */
export const isTemporaryName = (name: string): boolean => temporaryName.test(name);

export type OpenDirectory = {
  /** Where it was when it was opened. */
  readonly real: string;
  /** A path that leads to it wherever it is now. */
  readonly at: string;
  readonly handle: FileHandle;
};
export type OpenFile = {
  /** Facts about an opened file. */
  readonly stats: Stats;
  /** Undefined: it is a directory. */
  readonly handle: FileHandle | undefined;
};

/** Where Linux shows what this process has opened, each as a link to its place. */
const DESCRIPTORS = '/proc/self/fd';

export class LocalTree {
  readonly #root: string;
  readonly #threads = new Semaphore({
    permitCountMax: SYSTEM_CALLS_MAX,
    waiterCountMax: SYSTEM_CALLS_WAITING_MAX,
  });
  #accounts: Promise<Accounts> | undefined;
  readonly #rules: LocalRules | undefined;
  /** Where the root was when it was last found to be one that may be a store. */
  #allowed: string | undefined;

  constructor(root: string, rules?: LocalRules) {
    this.#root = root;
    this.#rules = rules;
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

  /** An opened file is closed whatever happens to the caller, as soon as a thread is free. */
  close(handle: FileHandle): Promise<void> {
    return this.call(new AbortController().signal, () => handle.close());
  }

  /** As close(), for callers that cannot report a failure. */
  release(handle: FileHandle): void {
    this.close(handle).catch(systemCode);
  }

  /** The root with its own links followed; a root that is gone is a store that is down. */
  async root(signal: AbortSignal): Promise<string> {
    try {
      return await this.call(signal, () => this.#realRoot());
    } catch (error) {
      if (!isAbsent(error)) throw error;
      throw new StatusError(Code.UNAVAILABLE, `The root of the mount is gone: ${this.#root}.`, {
        hint: 'Check that the file system below it is mounted.',
        retryAfterMs: STORE_DOWN_MS,
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

  /**
   * A directory that stays the one that was checked, whatever becomes of its path; undefined when
   * the mount has no such directory. The caller closes it.
   */
  async openDirectory(dirPath: string, signal: AbortSignal): Promise<OpenDirectory | undefined> {
    const real = await this.directory(dirPath, signal);
    if (real === undefined) return undefined;
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    const handle = await this.call(signal, () => open(real, flags)).catch(undefinedIfAbsent);
    if (handle === undefined) return undefined;
    const place = await this.call(signal, () => placeOf(handle)).catch(systemCode);
    // Without /proc (not on Linux) the path must do.
    if (place === undefined) return { real, at: real, handle };
    if (place === real) return { real, at: `${DESCRIPTORS}/${handle.fd}`, handle };
    await this.close(handle);
    signal.throwIfAborted();
    return undefined;
  }

  async withDirectory<T>(
    dirPath: string,
    signal: AbortSignal,
    work: (dir: OpenDirectory) => Promise<T>,
  ): Promise<T | undefined> {
    const dir = await this.openDirectory(dirPath, signal);
    if (dir === undefined) return undefined;
    try {
      return await work(dir);
    } finally {
      this.release(dir.handle);
    }
  }

  /** The file at a path of the mount, opened for reading; undefined when there is no such entry. */
  async openFile(path: string, signal: AbortSignal): Promise<OpenFile | undefined> {
    const found = await this.locatePath(path, signal);
    if (found === undefined) return undefined;
    if (!found.stats.isFile()) return { stats: found.stats, handle: undefined };
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await this.call(signal, () => open(found.real, flags)).catch(undefinedIfAbsent);
    if (handle === undefined) return undefined;
    try {
      const root = await this.root(signal);
      const stats = await this.call(signal, () => handle.stat());
      const place = await this.call(signal, () => placeOf(handle));
      const isInside = place === undefined ? isSame(stats, found.stats) : isBelow(place, root);
      if (isInside && stats.isFile()) return { stats, handle };
    } catch (error) {
      this.release(handle);
      throw error;
    }
    this.release(handle);
    return undefined;
  }

  /** The entry of this name in an opened directory. */
  async entry(at: string, name: string, signal: AbortSignal): Promise<UfsStatus | undefined> {
    const [entry] = await this.entries(at, [name], signal);
    return typeof entry === 'object' ? entry : undefined;
  }

  /**
   * The entries of these names, undefined where there is none, or why it is left out. A permit
   * serves many names here: asking for one each costs as much as the system call.
   */
  async entries(
    at: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<(UfsStatus | SkipReason | undefined)[]> {
    const found: (Stats | undefined)[] = [];
    let nextIndex = 0;
    const lane = async (): Promise<void> => {
      for (let index = nextIndex++; index < names.length; index = nextIndex++) {
        signal.throwIfAborted();
        found[index] = await visibleStats(at, names[index]!);
      }
    };
    const laneCount = Math.min(SYSTEM_CALLS_MAX, names.length);
    await Promise.all(Array.from({ length: laneCount }, () => this.call(signal, lane)));
    this.#accounts ??= readAccounts();
    const accounts = await this.#accounts;
    const entries: (UfsStatus | SkipReason | undefined)[] = [];
    for (const [index, name] of names.entries()) {
      const stats = found[index];
      const followed = await this.#followed(join(at, name), stats, signal);
      entries.push(entryOf(name, { stats, followed: followed?.stats }, accounts));
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
    const look = async () => stat(await this.#realRoot());
    const stats = await this.call(signal, look).catch(undefinedIfAbsent);
    this.#accounts ??= readAccounts();
    if (stats === undefined) return undefined;
    const { mtimeMs, ...root } = statusOf('', stats, await this.#accounts);
    // A root with an invalid time is still a root: every start looks at it.
    const isOdd = oddValue(root.length, mtimeMs) !== undefined;
    return isOdd || mtimeMs === undefined ? root : { ...root, mtimeMs };
  }

  /** The link may have changed since, so its present target is checked. */
  async #realRoot(): Promise<string> {
    const real = await realpath(this.#root);
    if (real === this.#allowed || this.#rules === undefined) return real;
    await checkLocalRoot(real, this.#rules);
    this.#allowed = real;
    return real;
  }

  async #followed(real: string, stats: Stats | undefined, signal: AbortSignal) {
    if (stats?.isSymbolicLink() === true) return this.#target(real, signal);
    return stats && (stats.isFile() || stats.isDirectory()) ? { real, stats } : undefined;
  }

  async #target(link: string, signal: AbortSignal) {
    const real = await this.call(signal, () => realpath(link)).catch(undefinedIfAbsent);
    if (real === undefined) return undefined;
    if (!isBelow(real, await this.root(signal))) return undefined;
    const stats = await this.call(signal, () => lstat(real)).catch(undefinedIfAbsent);
    return stats?.isFile() === true ? { real, stats } : undefined;
  }
}

async function visibleStats(realDir: string, name: string): Promise<Stats | undefined> {
  if (isTemporaryName(name) || !isUfsName(name)) return undefined;
  return lstat(join(realDir, name)).catch(undefinedIfAbsent);
}

/** Its place according to the kernel; undefined where the kernel does not say. */
function placeOf(handle: FileHandle): Promise<string | undefined> {
  return readlink(`${DESCRIPTORS}/${handle.fd}`).catch(undefinedIfAbsent);
}

const isBelow = (real: string, root: string): boolean =>
  real.startsWith(root === '/' ? '/' : `${root}/`);

const isSame = (a: Stats, b: Stats): boolean => a.ino === b.ino && a.dev === b.dev;

function entryOf(
  name: string,
  { stats, followed }: { readonly stats: Stats | undefined; readonly followed: Stats | undefined },
  accounts: Accounts,
): UfsStatus | SkipReason | undefined {
  // Node gives bad bytes of a name as U+FFFD, and a name spelled like that leads nowhere.
  if (stats === undefined && name.includes('\ufffd')) return 'encoding';
  if (!isUfsName(name)) return 'name';
  // The entry was removed after the names were read.
  if (stats === undefined) return undefined;
  if (followed === undefined) return stats.isSymbolicLink() ? 'link' : 'special';
  const status = statusOf(name, followed, accounts);
  return oddValue(status.length, status.mtimeMs) ?? status;
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
  return { ...contentOf(stats), ...shared };
}

/** What a fingerprint rests on. */
export function contentOf(stats: Stats): UfsStatus {
  const mtimeMs = Math.floor(stats.mtimeMs);
  return { name: '', type: 'file', length: stats.size, mtimeMs, etag: etagOf(stats) };
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
