/** getfacl: who may what, in the form of an ACL. There is nothing but the mode to show yet. */
import type { FileStatus } from '../../client/index.js';
import { permissionsText, shown } from '../format.js';
import { walkTree } from '../tree.js';
import { recursive, verb } from '../verb.js';

export const getfacl = verb<{ recursive?: boolean }>({
  name: 'getfacl',
  args: '<path...>',
  summary: 'show owner, group and permissions in the form of an ACL',
  options: [recursive],
  examples: [['orchard getfacl /data', 'user, group and other']],
  familiar: 'as `hdfs dfs -getfacl`. So far it has only the entries of the mode.',
  run: (shell, args, options) =>
    shell.eachPath(args, async (path) => {
      const client = await shell.client();
      const print = async (status: FileStatus) => {
        const entries = entriesOf(status);
        const { owner, group } = status;
        if (shell.isJson) await shell.out.json({ path: status.path, owner, group, entries });
        else for (const line of linesOf(status, entries)) await shell.out.line(line);
      };
      const top = await client.getStatus(path, { signal: shell.signal });
      await print(top);
      if (options.recursive !== true || top.type === 'file') return;
      for await (const entry of walkTree(shell, path)) await print(entry);
    }),
});

function entriesOf({ mode }: FileStatus): string[] {
  const bits = permissionsText(mode & 0o777);
  return [`user::${bits.slice(0, 3)}`, `group::${bits.slice(3, 6)}`, `other::${bits.slice(6)}`];
}

const linesOf = ({ path, owner, group }: FileStatus, entries: readonly string[]): string[] => [
  `# file: ${shown(path)}`,
  `# owner: ${shown(owner)}`,
  `# group: ${shown(group)}`,
  ...entries,
  '',
];
