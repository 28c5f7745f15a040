/** chown and chgrp: change owner and group. */
import { UsageError } from '../usage-error.js';
import { recursive, verb } from '../verb.js';
import { change } from './change.js';

export const chown = verb<{ recursive?: boolean }>({
  name: 'chown',
  args: '<owner> <path...>',
  summary: 'change the owner, and with owner:group the group',
  options: [recursive],
  examples: [
    ['orchard chown alice /data/a', 'the owner'],
    ['orchard chown -R alice:staff /data', 'owner and group of everything'],
    ['orchard chown :staff /data', 'only the group'],
  ],
  familiar: 'only for the superuser and the supergroup, as in HDFS.',
  run: async (shell, [who = '', ...paths], options) => {
    const colon = who.indexOf(':');
    const owner = colon === -1 ? who : who.slice(0, colon);
    const group = colon === -1 ? '' : who.slice(colon + 1);
    if (owner === '' && group === '') throw new UsageError('no owner and no group', 'alice:staff');
    const attributes = { ...(owner !== '' && { owner }), ...(group !== '' && { group }) };
    const how = { recursive: options.recursive === true, verb: 'chown' };
    await shell.eachPath(paths, (path) => change(shell, path, attributes, how));
  },
});

export const chgrp = verb<{ recursive?: boolean }>({
  name: 'chgrp',
  args: '<group> <path...>',
  summary: 'change the group',
  options: [recursive],
  examples: [['orchard chgrp -R staff /data', 'everything below']],
  run: async (shell, [group = '', ...paths], options) => {
    const how = { recursive: options.recursive === true, verb: 'chgrp' };
    await shell.eachPath(paths, (path) => change(shell, path, { group }, how));
  },
});
