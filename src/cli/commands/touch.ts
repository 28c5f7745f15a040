/** touch: make empty files; what exists stays as it is. */
import { OrchardError } from '../../client/errors.js';
import { shown } from '../format.js';
import { parsePath } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { verb } from '../verb.js';

export const touch = verb<{ parents?: boolean }>({
  name: 'touch',
  args: '<path...>',
  summary: 'make empty files',
  options: [{ flags: '-p, --parents', means: 'make missing parents' }],
  examples: [
    ['orchard touch /data/_SUCCESS', 'an empty file'],
    ['orchard touch -p /new/dir/file', 'with its parents'],
  ],
  familiar: 'as `hdfs dfs -touchz`; the time of an existing file does not change.',
  run: async (shell, args, { parents = false }) => {
    for (const path of args.map(parsePath)) await shell.attempt(() => make(shell, path, parents));
  },
});

async function make(shell: Shell, path: string, recursive: boolean): Promise<void> {
  const client = await shell.client();
  const { signal } = shell;
  try {
    const { id } = await client.createFile(path, { recursive, signal });
    await client.completeFile(path, { length: 0, signal });
    await shell.confirm(`Made ${shown(path)}`, { created: path, id });
  } catch (thrown) {
    if (!(thrown instanceof OrchardError) || thrown.code !== 'ALREADY_EXISTS') throw thrown;
    if ((await client.getStatus(path, { signal })).type !== 'file') throw thrown;
    await shell.confirm(`${shown(path)} is there already`, { exists: path });
  }
}
