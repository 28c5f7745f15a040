/**
 * Decides which directories of this machine may be a store. A mount is only a path, and it reads
 * and writes with the rights of the process. So it may never reach the master's own directories,
 * above or below, nor the kernel's file systems. Of the rest, ORCHARD_LOCAL_ROOTS names what is
 * allowed. Without it, the mount may be what the process's user owns, except homes, hidden
 * directories (.ssh) and system folders.
 *
 * The rule looks at the real place of the root, with links followed. It also compares device and
 * inode, so that a bind mount is not another name for the same directory.
 */
import type { BigIntStats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Code, StatusError } from '../base/status.js';
import { isKernelPath } from './kernel-files.js';

export type LocalRules = {
  /** Directories that the process keeps for itself. */
  readonly own: readonly string[];
  /** Within those: where the root store may be. */
  readonly fileData: string;
  /** The place that the operator gave the root store. */
  readonly rootStore: string | undefined;
  /** Named by the operator; none: what the user owns. */
  readonly roots: readonly string[];
  readonly home: string;
};

const SYSTEM = /^\/(?:bin|boot|etc|lib|lib32|lib64|run|sbin|usr)(?:\/|$)/;
const HIDDEN = /\/\./;

const isBelow = (path: string, above: string): boolean =>
  above === '/' || path === above || path.startsWith(`${above}/`);

/** `real` exists, and no link is on the way to it. */
export async function checkLocalRoot(real: string, rules: LocalRules): Promise<void> {
  if (await isKernelPath(real)) throw refused(real, 'belongs to the kernel', NEVER);
  const fileData = await realOf(rules.fileData);
  if (!isBelow(real, fileData)) await refuseOwn(real, rules.own);
  if (isBelow(real, fileData) || (await isSame(real, rules.rootStore))) return;
  if (rules.roots.length > 0) {
    for (const root of rules.roots) if (isBelow(real, await realOf(root))) return;
    throw refused(real, 'is not below ORCHARD_LOCAL_ROOTS', WIDEN);
  }
  if (SYSTEM.test(real)) throw refused(real, 'is a folder of the system', WIDEN);
  if (HIDDEN.test(real)) throw refused(real, 'is hidden', WIDEN);
  if (isBelow(await realOf(rules.home), real)) throw refused(real, 'holds a home', WIDEN);
  const { uid } = await stat(real);
  if (uid !== process.getuid?.()) throw refused(real, "is not the master's user's", WIDEN);
}

const isSame = async (real: string, path: string | undefined): Promise<boolean> =>
  path !== undefined && real === (await realOf(path));

async function refuseOwn(real: string, own: readonly string[]): Promise<void> {
  const above = await identities(real);
  const self = above[0];
  for (const directory of own) {
    const place = await identities(await realOf(directory));
    const isInside = place[0] !== undefined && above.includes(place[0]);
    const isAround = self !== undefined && place.includes(self);
    if (isInside || isAround) throw refused(real, 'is, holds or is in what is its own', NEVER);
  }
}

/** Device and inode of the directory and all above it; missing ones have none. */
async function identities(path: string): Promise<string[]> {
  const found: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const stats: BigIntStats | undefined = await stat(at, { bigint: true }).catch(absent);
    if (stats !== undefined) found.push(`${stats.dev}:${stats.ino}`);
    if (at === '/') return found;
  }
}

const realOf = async (path: string): Promise<string> =>
  (await realpath(path).catch(absent)) ?? path;

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

const NEVER = 'Mount another directory: this one is never a store.';
const WIDEN = 'Name it, or one above it, in ORCHARD_LOCAL_ROOTS where the master runs.';

const refused = (real: string, why: string, hint: string): StatusError =>
  new StatusError(Code.PERMISSION_DENIED, `The master mounts no ${real}: it ${why}.`, { hint });
