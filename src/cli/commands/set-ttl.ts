/** setTtl: how long a file or directory lives, and what happens then. */
import { parseDurationMs } from '../../base/quantity.js';
import type { TtlActionName } from '../../client/index.js';
import { UsageError } from '../usage-error.js';
import { recursive, verb } from '../verb.js';
import { change } from './change.js';

type Options = { recursive?: boolean; action?: string; none?: boolean };

const actions: Readonly<Record<string, TtlActionName>> = {
  delete: 'delete',
  free: 'free',
  delete_alluxio: 'deleteAlluxio',
};

export const setTtl = verb<Options>({
  name: 'setTtl',
  args: '<path> [ttl]',
  summary: 'set a time after which a path is deleted or freed',
  options: [
    recursive,
    { flags: '--action <action>', means: 'delete (default), free or delete_alluxio' },
    { flags: '--none', means: 'remove the ttl' },
  ],
  examples: [
    ['orchard setTtl /tmp/job-7 2h', 'deleted two hours after its creation'],
    ['orchard setTtl --action free /cache 1d', 'free only its cached copies'],
    ['orchard setTtl --none /tmp/job-7', 'remove the ttl'],
  ],
  familiar: 'a bare number is milliseconds, as in `alluxio fs setTtl`; unsetTtl works as well.',
  run: async (shell, [path = '', text], options) => {
    const action = actions[options.action?.toLowerCase() ?? 'delete'];
    if (action === undefined) {
      throw new UsageError(`--action ${options.action}: no such action`, 'delete or free');
    }
    const ttlMs = options.none === true || text === 'none' ? -1 : parseDurationMs(text ?? '');
    if (ttlMs === undefined) {
      throw new UsageError(`"${text ?? ''}" is not a duration`, '30s, 12h or 7d, or --none');
    }
    const how = { recursive: options.recursive === true, verb: 'setTtl' };
    await shell.eachPath([path], (one) => change(shell, one, { ttlMs, ttlAction: action }, how));
  },
});
