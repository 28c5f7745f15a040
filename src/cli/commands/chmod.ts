/** chmod: change permission bits. Octal: one call at any depth; symbolic: one call a file. */
import { concurrently } from '../concurrently.js';
import { parseMode } from '../mode.js';
import type { Shell } from '../shell.js';
import { recursive, verb } from '../verb.js';
import { change } from './change.js';

const CALLS_AT_A_TIME = 32;

export const chmod = verb<{ recursive?: boolean }>({
  name: 'chmod',
  args: '<mode> <path...>',
  summary: 'change permission bits',
  options: [recursive],
  examples: [
    ['orchard chmod 750 /data', 'rwx for the owner, r-x for the group'],
    ['orchard chmod -R g+rX,o-rwx /data', 'relative to what is there'],
  ],
  run: async (shell, [text = '', ...paths], options) => {
    const mode = parseMode(text);
    const isDeep = options.recursive === true;
    await shell.eachPath(paths, async (path) => {
      if (mode.kind === 'octal') {
        await change(shell, path, { mode: mode.mode }, { recursive: isDeep, verb: 'chmod' });
      } else await applyEach(shell, path, mode.apply, isDeep);
    });
  },
});

async function applyEach(
  shell: Shell,
  root: string,
  apply: (mode: number, isDirectory: boolean) => number,
  isDeep: boolean,
): Promise<void> {
  const client = await shell.client();
  const { signal } = shell;
  const top = await client.getStatus(root, { signal });
  await change(shell, root, { mode: apply(top.mode, top.type === 'directory') }, { verb: 'chmod' });
  if (!isDeep || top.type !== 'directory') return;
  await concurrently(
    client.list(root, { recursive: true, signal }),
    CALLS_AT_A_TIME,
    async (entry) => {
      const mode = apply(entry.mode, entry.type === 'directory');
      if (mode === entry.mode) return;
      await shell.attempt(() => change(shell, entry.path, { mode }, { verb: 'chmod' }));
    },
  );
}
