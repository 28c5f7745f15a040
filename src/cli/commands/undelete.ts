/** undelete: bring back what rm took, within the retention time of the master. */
import { shown } from '../format.js';
import { parsePath } from '../namespace-path.js';
import { verb } from '../verb.js';

export const undelete = verb({
  name: 'undelete',
  args: '<path...>',
  summary: 'restore a deleted path',
  options: [],
  examples: [['orchard undelete /data/tmp', 'with its contents']],
  familiar: 'instead of moving things out of .Trash.',
  run: async (shell, args) => {
    const client = await shell.client();
    for (const path of args.map(parsePath)) {
      await shell.attempt(async () => {
        await client.undelete(path, { signal: shell.signal });
        await shell.confirm(`Brought back ${shown(path)}`, { undeleted: path });
      });
    }
  },
});
