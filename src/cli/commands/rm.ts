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
    { flags: '-f, --force', means: 'what does not exist is fine' },
    { flags: '--skip-trash', means: 'for good: undelete will not bring it back' },
    {
      flags: '--delete-mounts',
      means: 'unmount the mount points below as well; undelete brings nothing of it back',
    },
    { flags: '--alluxio-only', means: 'from the namespace, not from the store' },
  ],
  examples: [
    ['orchard rm /data/old.csv', 'a file'],
    ['orchard rm -R /data/tmp', 'a directory with all that is in it'],
    ['orchard undelete /data/tmp', 'and back again'],
  ],
  familiar: 'there is no .Trash directory: `orchard undelete <path>` brings back what rm took.',
  run: (shell, args, options) =>
    shell.eachPath(args, async (path) => {
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
      await shell.out.tell(`Deleted ${shown(path)}`, { deleted: path });
    }),
});
