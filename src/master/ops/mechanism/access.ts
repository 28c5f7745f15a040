/**
 * Permission checks: POSIX permission bits along a path, the sticky bit, read-only mounts. The
 * superuser and members of the supergroup pass everywhere except at read-only mounts.
 */
import { Code, StatusError } from '../../../base/status.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Bits, MODE } from '../../memory/kernel-constants.js';
import type { PathWalk } from '../../path/path-walk.js';
import { isBelowFile } from './failures.js';

/** EXECUTE on every directory from the root to node `last`. */
export function checkTraverse(
  executor: Executor,
  caller: Caller,
  walk: PathWalk,
  last: number,
): void {
  const denied = executor.kernel.deniedAt(walk.at, last, executor.callerAt);
  if (denied >= 0) throw denial(executor, caller, walk, denied, Bits.EXECUTE);
}

/**
 * EXECUTE on every directory above the end of the path, as far as there are any. For plan(), before
 * anything else: who may not look there is not told what is there, and causes no load from a store.
 */
export function checkWay(executor: Executor, caller: Caller, walk: PathWalk): void {
  const above = isBelowFile(walk) ? walk.next - 2 : Math.min(walk.next, walk.depth) - 1;
  checkTraverse(executor, caller, walk, above);
}

export function checkBits(
  executor: Executor,
  caller: Caller,
  walk: PathWalk,
  node: number,
  bits: number,
): void {
  if (permits(executor, walk, node, bits)) return;
  const missing = [Bits.READ, Bits.WRITE, Bits.EXECUTE].find(
    (bit) => (bits & bit) !== 0 && !permits(executor, walk, node, bit),
  );
  throw denial(executor, caller, walk, node, missing ?? bits);
}

function permits(executor: Executor, walk: PathWalk, node: number, bits: number): boolean {
  const { kernel, callerAt } = executor;
  const mode = walk.mode(node);
  return kernel.permits(mode, walk.owner(node), walk.group(node), callerAt, bits) === 1;
}

/** May the caller take the last node out of its directory? */
export function checkRemove(executor: Executor, caller: Caller, walk: PathWalk): void {
  const { depth } = walk;
  checkBits(executor, caller, walk, depth - 1, Bits.WRITE);
  if ((walk.mode(depth - 1) & MODE.STICKY) === 0 || executor.isSuper(caller)) return;
  const user = executor.strings.idOf(caller.user);
  if (walk.owner(depth) === user || walk.owner(depth - 1) === user) return;
  throw new StatusError(
    Code.PERMISSION_DENIED,
    `Permission denied by sticky bit: user=${caller.user}, path="${walk.text()}".`,
    { path: walk.text(), hint: 'Only the owner of the file or of the directory may do that.' },
  );
}

/** Only the superuser, members of the supergroup, or the inode's owner. */
export function checkOwner(executor: Executor, caller: Caller, walk: PathWalk, node: number): void {
  if (executor.isSuper(caller)) return;
  if (walk.owner(node) === executor.strings.idOf(caller.user)) return;
  throw new StatusError(
    Code.PERMISSION_DENIED,
    `Permission denied: user=${caller.user} is not the owner of "${walk.text(node)}".`,
    { path: walk.text(node), hint: 'Ask its owner or a superuser.' },
  );
}

export function checkSuper(executor: Executor, caller: Caller, path: string): void {
  if (executor.isSuper(caller)) return;
  throw new StatusError(
    Code.PERMISSION_DENIED,
    `Permission denied: ${caller.user} is not a super user or in super group.`,
    { path, hint: 'Run it as the superuser, or ask to be put into the supergroup.' },
  );
}

export function checkWritableMount(executor: Executor, walk: PathWalk, node: number): void {
  const mount = executor.mounts.byId(walk.mountId(node));
  if (mount === undefined || !mount.readOnly) return;
  throw new StatusError(
    Code.PERMISSION_DENIED,
    `A write operation on "${walk.text()}" is under a readonly mount point ${mount.path}.`,
    { path: walk.text(), hint: 'Mount it again without --read-only to change it.' },
  );
}

const bitNames: Record<number, string> = { 4: 'READ', 2: 'WRITE', 1: 'EXECUTE' };

function denial(
  executor: Executor,
  caller: Caller,
  walk: PathWalk,
  node: number,
  bit: number,
): StatusError {
  const owner = executor.strings.textOf(walk.owner(node));
  const group = executor.strings.textOf(walk.group(node));
  const mode = modeText(walk.mode(node), walk.isDirectory(node));
  return new StatusError(
    Code.PERMISSION_DENIED,
    `Permission denied: user=${caller.user}, access=${bitNames[bit]}, ` +
      `path="${walk.text()}": failed at "${walk.text(node)}": ${owner}:${group}:${mode}.`,
    { path: walk.text(), hint: `Ask ${owner} for access, or run it as another user.` },
  );
}

/** As ls writes it: drwxr-xr-x. */
export function modeText(mode: number, directory: boolean): string {
  const letters = 'rwxrwxrwx';
  let text = directory ? 'd' : '-';
  for (let i = 0; i < 9; i++) text += (mode & (0o400 >> i)) !== 0 ? letters[i]! : '-';
  if ((mode & MODE.STICKY) !== 0) text = `${text.slice(0, 9)}${text[9] === 'x' ? 't' : 'T'}`;
  return text;
}
