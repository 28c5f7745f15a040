/** mkdir: make directories. */
import { parseMode } from '../../base/mode.js';
import { shown } from '../format.js';
import { parsePath } from '../namespace-path.js';
import { UsageError } from '../usage-error.js';
import { verb } from '../verb.js';

export const mkdir = verb<{ parents?: boolean; mode?: string }>({
  name: 'mkdir',
  args: '<path...>',
  summary: 'make directories',
  options: [
    { flags: '-p, --parents', means: 'make missing parents; existing directories are fine' },
    { flags: '-m, --mode <mode>', means: 'octal; default 0755 under the umask of the master' },
  ],
  examples: [
    ['orchard mkdir /data', 'one directory'],
    ['orchard mkdir -p /data/2026/11/22', 'with missing parents'],
  ],
  run: async (shell, args, options) => {
    const mode = options.mode === undefined ? undefined : octal(options.mode);
    const client = await shell.client();
    for (const path of args.map(parsePath)) {
      await shell.attempt(async () => {
        const isDeep = options.parents === true;
        const status = await client.createDirectory(path, {
          recursive: isDeep,
          allowExists: isDeep,
          signal: shell.signal,
          ...(mode !== undefined && { mode }),
        });
        await shell.confirm(`Made ${shown(path)}`, { created: path, id: status.id });
      });
    }
  },
});

function octal(text: string): number {
  const change = parseMode(text);
  if (change?.kind === 'octal') return change.mode;
  throw new UsageError(`--mode ${text}: a new directory has no mode to change`, 'an octal mode');
}
