/** setrep, setReplication: how many copies the caches shall keep. */
import { UsageError } from '../usage-error.js';
import { recursive, verb } from '../verb.js';
import { change } from './change.js';

const COPIES_MAX = 32_767;

export const setrep = verb<{ recursive?: boolean; wait?: boolean }>({
  name: 'setrep',
  args: '<copies> <path...>',
  summary: 'set how many copies of a file the caches keep',
  options: [
    { ...recursive, means: 'accepted and ignored: a directory always includes everything below' },
    { flags: '-w, --wait', means: 'accepted and ignored: there are no caches to wait for yet' },
  ],
  examples: [['orchard setrep 2 /data/hot', 'two, for everything below']],
  familiar: 'the number is kept with the file; it does not change the copies in the store.',
  run: async (shell, [text = '', ...paths]) => {
    const copies = copiesOf(text);
    const bounds = { replicationMin: copies, replicationMax: copies };
    await shell.eachPath(paths, async (path) => {
      const client = await shell.client();
      const { type } = await client.getStatus(path, { signal: shell.signal });
      await change(shell, path, bounds, { recursive: type === 'directory', verb: 'setrep' });
    });
  },
});

type Bounds = { recursive?: boolean; min?: string; max?: string };

export const setReplication = verb<Bounds>({
  name: 'setReplication',
  args: '<path...>',
  summary: 'set the least and the most copies that the caches keep',
  options: [
    recursive,
    { flags: '--min <copies>', means: 'at least so many' },
    { flags: '--max <copies>', means: 'at most; -1 for any number' },
  ],
  examples: [['orchard setReplication --min 1 --max 3 /data/a.csv', 'from one to three copies']],
  familiar: 'as `alluxio fs setReplication`.',
  run: async (shell, args, { recursive: isDeep = false, min, max }) => {
    if (min === undefined && max === undefined) throw new UsageError('no bound', '--min 1');
    const bounds = {
      ...(min !== undefined && { replicationMin: copiesOf(min) }),
      ...(max !== undefined && { replicationMax: max === '-1' ? -1 : copiesOf(max) }),
    };
    const how = { recursive: isDeep, verb: 'setReplication' };
    await shell.eachPath(args, (path) => change(shell, path, bounds, how));
  },
});

function copiesOf(text: string): number {
  const copies = Number(text);
  if (/^\d+$/.test(text) && copies <= COPIES_MAX) return copies;
  throw new UsageError(`"${text}" is not a number of copies`, `0 to ${COPIES_MAX}`);
}
