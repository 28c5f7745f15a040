/**
 * chmod: change permission bits. One call at any depth: the master makes symbolic changes from what
 * each entry has, so its owner needs no right to read it.
 */
import { parseMode } from '../../base/mode.js';
import { UsageError } from '../usage-error.js';
import { recursive, verb } from '../verb.js';
import { change } from './change.js';

export const chmod = verb<{ recursive?: boolean }>({
  name: 'chmod',
  args: '<mode> <path...>',
  summary: 'change permission bits',
  options: [recursive],
  examples: [
    ['orchard chmod 750 /data', 'rwx for the owner, r-x for the group'],
    ['orchard chmod -R g+rX,o-rwx /data', 'relative to the present mode'],
    ['orchard chmod g=u /data', 'the group gets the permissions of the owner'],
    ['orchard chmod -w /data/a', 'nobody may write'],
  ],
  run: async (shell, [text = '', ...paths], options) => {
    const mode = parseMode(text);
    if (mode === undefined) {
      const hint = 'an octal like 755 or a change like u+rw,go-w';
      throw new UsageError(`"${text}" is not a mode`, hint);
    }
    const attributes = mode.kind === 'octal' ? { mode: mode.mode } : { modeChange: text };
    const how = { recursive: options.recursive === true, verb: 'chmod' };
    await shell.eachPath(paths, (path) => change(shell, path, attributes, how));
  },
});
