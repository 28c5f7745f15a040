/**
 * POSIX permission bits. Exactly one class decides: the owner's if the caller owns the inode, else
 * the group's if any of the caller's groups is the inode's, else the others'; a class that grants
 * less than the next one still decides. A superuser passes everywhere.
 *
 *   mode:  … sst rwx rwx rwx        bits: 4 read, 2 write, 1 execute
 *              8-6 5-3 2-0
 */
import {
  CALLER_GROUP_COUNT,
  CALLER_GROUPS,
  CALLER_GROUPS_MAX,
  CALLER_SUPER,
  CALLER_USER,
  NODE_BYTES,
  NODE_GROUP,
  NODE_MODE,
  NODE_OWNER,
  PERMIT_EXECUTE,
  RECORD_GROUP,
  RECORD_MODE,
  RECORD_OWNER,
  WALK_NEXT,
  WALK_NODES,
} from './generated/layout';

export function permits(mode: u32, owner: u32, group: u32, caller: usize, bits: u32): u32 {
  if (load<u32>(caller, CALLER_SUPER) != 0) return 1;
  let granted = mode;
  if (owner == load<u32>(caller, CALLER_USER)) granted = mode >>> 6;
  else if (isMember(caller, group)) granted = mode >>> 3;
  return u32((granted & bits & 7) == (bits & 7));
}

export function permitsRecord(record: usize, caller: usize, bits: u32): bool {
  const owner = load<u32>(record, RECORD_OWNER);
  const group = load<u32>(record, RECORD_GROUP);
  return permits(load<u16>(record, RECORD_MODE), owner, group, caller, bits) != 0;
}

export function deniedAt(walk: usize, last: i32, caller: usize): i32 {
  if (load<u32>(caller, CALLER_SUPER) != 0) return -1;
  const resolved = load<i32>(walk, WALK_NEXT);
  const end = min<i32>(last + 1, resolved);
  let node = walk + WALK_NODES;
  for (let i = 0; i < end; i++) {
    const mode = u32(load<u16>(node, NODE_MODE));
    // If everybody may pass, groups need no check: so it is for nearly every directory.
    if ((mode & 0o111) != 0o111) {
      const owner = load<u32>(node, NODE_OWNER);
      if (!permits(mode, owner, load<u32>(node, NODE_GROUP), caller, PERMIT_EXECUTE)) return i;
    }
    node += NODE_BYTES;
  }
  return -1;
}

function isMember(caller: usize, group: u32): bool {
  const count = min<u32>(load<u32>(caller, CALLER_GROUP_COUNT), CALLER_GROUPS_MAX);
  for (let i: u32 = 0; i < count; i++) {
    if (load<u32>(caller + (i << 2), CALLER_GROUPS) == group) return true;
  }
  return false;
}
