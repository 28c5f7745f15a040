/** rm: delete. A directory of any size goes at once into the trash; undelete brings it back. */
import { OrchardError } from '../../client/errors.js';
import { shown } from '../format.js';
import { recursive, verb } from '../verb.js';

type Options = {
  recursive?: boolean;
  skipTrash?: boolean;
  force?: boolean;
  deleteMounts?: boolean;
  alluxioOnly?: boolean;
};

export const rm = verb<Options>({
  name: 'rm',
  args: '<path...>',
  summary: 'delete files and directories',
  options: [
    recursive,
    { flags: '-f, --force', means: 'missing paths are fine' },
    {
      flags: '--skip-trash',
      means: 'undelete is then impossible; `load` still finds what the store has',
    },
    {
      flags: '--delete-mounts',
      means: 'also unmount mount points below; undelete is then impossible',
    },
    {
      flags: '--alluxio-only',
      means: 'forget it only: no trash, and the next load brings it back from the store',
    },
  ],
  examples: [
    ['orchard rm /data/old.csv', 'a file'],
    ['orchard rm -R /data/tmp', 'a directory with its contents'],
    ['orchard undelete /data/tmp', 'restore it'],
  ],
  familiar:
    'there is no .Trash directory: `orchard undelete <path>` restores a deleted path.\n' +
    'rm removes names from the namespace; the data in the store stays until it is deleted there.',
  run: (shell, args, options) => {
    const work = async (path: string) => {
      const client = await shell.client();
      try {
        await client.delete(path, {
          recursive: options.recursive === true,
          skipTrash: options.skipTrash === true,
          deleteMountPoints: options.deleteMounts === true,
          alluxioOnly: options.alluxioOnly === true,
          signal: shell.signal,
        });
      } catch (thrown) {
        const isMissing = thrown instanceof OrchardError && thrown.code === 'NOT_FOUND';
        if (isMissing && options.force === true) return;
        throw thrown;
      }
      await shell.confirm(`Deleted ${shown(path)}`, { deleted: path });
    };
    return shell.eachPath(args, work, { mayBeNone: options.force === true });
  },
});
