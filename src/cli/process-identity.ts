/** Who runs this process, in names: what the caller says it is unless told otherwise. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

const GROUP_FILE = '/etc/group';
const GROUPS_MAX = 64;

/** A user id without a name (a container) is called by its number. */
export function processUser(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** The primary group first; groups that have no name here are left out. */
export function processGroups(): string[] {
  const primary = process.getgid?.();
  if (primary === undefined) return [];
  const names = groupNames();
  const ids = new Set([primary, ...(process.getgroups?.() ?? [])]);
  return [...ids].flatMap((id) => names.get(id) ?? []).slice(0, GROUPS_MAX);
}

function groupNames(): Map<number, string> {
  const names = new Map<number, string>();
  let text = '';
  try {
    text = readFileSync(GROUP_FILE, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name && id !== undefined) names.set(Number(id), name);
  }
  return names;
}
