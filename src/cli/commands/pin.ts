/** pin and unpin: whether the caches keep what is below a path. */
import type { Verb } from '../verb.js';
import { verb } from '../verb.js';
import { change } from './change.js';

const pinning = (name: string, pinned: boolean, summary: string, example: string): Verb =>
  verb({
    name,
    args: '<path...>',
    summary,
    options: [],
    examples: [[`orchard ${name} /data/hot`, example]],
    familiar: `as \`alluxio fs ${name}\`; for a directory it covers everything below.`,
    run: (shell, args) =>
      shell.eachPath(args, async (path) => {
        const client = await shell.client();
        const { type } = await client.getStatus(path, { signal: shell.signal });
        await change(shell, path, { pinned }, { recursive: type === 'directory', verb: name });
      }),
  });

export const pin = pinning('pin', true, 'keep files in the caches', 'and everything below it');
export const unpin = pinning('unpin', false, 'let the caches drop files', 'no longer pinned');
