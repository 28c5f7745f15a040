/** rmdir: take empty directories out of the namespace. */
import { OrchardError } from '../../client/errors.js';
import { shown } from '../format.js';
import { verb } from '../verb.js';

export const rmdir = verb<{ ignoreFailOnNonEmpty?: boolean }>({
  name: 'rmdir',
  args: '<path...>',
  summary: 'delete empty directories',
  options: [
    { flags: '--ignore-fail-on-non-empty', means: 'a directory that is not empty is fine' },
  ],
  examples: [['orchard rmdir /data/empty', 'refused if it is not empty']],
  familiar: 'as `hdfs dfs -rmdir`; `orchard undelete` restores it.',
  run: (shell, args, { ignoreFailOnNonEmpty = false }) =>
    shell.eachPath(args, async (path) => {
      const client = await shell.client();
      const { type } = await client.getStatus(path, { signal: shell.signal });
      if (type === 'file') {
        const hint = `orchard rm ${path}`;
        throw new OrchardError('INVALID_ARGUMENT', 'It is a file.', { path, hint });
      }
      try {
        await client.delete(path, { signal: shell.signal });
      } catch (thrown) {
        const isFull = thrown instanceof OrchardError && thrown.code === 'FAILED_PRECONDITION';
        if (!isFull) throw thrown;
        if (ignoreFailOnNonEmpty) return;
        throw notEmpty(path);
      }
      await shell.confirm(`Deleted ${shown(path)}`, { deleted: path });
    }),
});

const notEmpty = (path: string): OrchardError =>
  new OrchardError('FAILED_PRECONDITION', 'The directory is not empty.', {
    path,
    hint: `orchard ls ${path}, or orchard rm -R ${path}`,
  });
