/**
 * Names of the users and groups of this machine, from /etc/passwd and /etc/group: Node has no
 * getpwuid(3). An id without a name there (another machine's, LDAP's) stays a number in text form.
 */
import { readFile } from 'node:fs/promises';

export type Accounts = {
  userOf(id: number): string;
  groupOf(id: number): string;
};

export async function readAccounts(): Promise<Accounts> {
  const [users, groups] = await Promise.all([readTable('/etc/passwd'), readTable('/etc/group')]);
  return {
    userOf: (id) => users.get(id) ?? String(id),
    groupOf: (id) => groups.get(id) ?? String(id),
  };
}

async function readTable(path: string): Promise<ReadonlyMap<number, string>> {
  // Systems without these files exist (containers from scratch): then every id is a number.
  const text = await readFile(path, 'utf8').catch(() => '');
  return parseAccountTable(text);
}

/** Lines of name:password:id:…; the first name of an id wins, as in getpwuid(3). */
export function parseAccountTable(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name === undefined || id === undefined || !/^\d+$/.test(id)) continue;
    if (!names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
