/** Twin of assembly/permission.ts: the rule of POSIX, over plain objects. */

export type Caller = {
  readonly user: number;
  readonly groups: readonly number[];
  readonly isSuper: boolean;
};

export type Guarded = { readonly mode: number; readonly owner: number; readonly group: number };

export function permits(inode: Guarded, caller: Caller, bits: number): boolean {
  if (caller.isSuper) return true;
  const place = classOf(inode, caller);
  const granted = Math.floor(inode.mode / 8 ** place) % 8;
  return [1, 2, 4].every((bit) => (bits & bit) === 0 || (granted & bit) !== 0);
}

/** Shift of the octal digit that decides: 2 owner, 1 group, 0 other. */
function classOf(inode: Guarded, caller: Caller): 0 | 1 | 2 {
  if (inode.owner === caller.user) return 2;
  return caller.groups.includes(inode.group) ? 1 : 0;
}

/** Index of the first directory that the caller may not search, or -1. */
export function deniedAt(directories: readonly Guarded[], caller: Caller): number {
  return directories.findIndex((directory) => !permits(directory, caller, 1));
}
