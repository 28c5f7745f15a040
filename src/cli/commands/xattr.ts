/** setfattr and getfattr: extended attributes, named and valued as in `hdfs dfs`. */
import { OrchardError } from '../../client/errors.js';
import { bytesText, shown } from '../format.js';
import { UsageError } from '../usage-error.js';
import { recursive, verb } from '../verb.js';
import { change } from './change.js';

type SetOptions = { name?: string; value?: string; remove?: string; recursive?: boolean };

export const setfattr = verb<SetOptions>({
  name: 'setfattr',
  args: '<path...>',
  summary: 'set or remove an extended attribute',
  options: [
    { flags: '-n, --name <name>', means: 'the attribute' },
    { flags: '-v, --value <value>', means: 'text, 0x… for hex, 0s… for base64' },
    { flags: '-x, --remove <name>', means: 'remove this attribute' },
    recursive,
  ],
  examples: [
    ['orchard setfattr -n user.origin -v crawler /data/a', 'set'],
    ['orchard setfattr -x user.origin /data/a', 'remove'],
  ],
  familiar: 'names and values as in `hdfs dfs -setfattr`.',
  run: async (shell, args, { name, value = '', remove, recursive: isDeep = false }) => {
    if ((name === undefined) === (remove === undefined)) {
      throw new UsageError('either -n <name> or -x <name>', '-n user.note -v text');
    }
    const attributes =
      remove === undefined
        ? { xattrs: { [name!]: attributeValue(value) }, xattrUpdate: 'unionReplace' as const }
        : { xattrs: { [remove]: '' }, xattrUpdate: 'deleteKeys' as const };
    const how = { recursive: isDeep, verb: 'setfattr' };
    await shell.eachPath(args, (path) => change(shell, path, attributes, how));
  },
});

type GetOptions = { name?: string; dump?: boolean };

export const getfattr = verb<GetOptions>({
  name: 'getfattr',
  args: '<path...>',
  summary: 'show extended attributes',
  options: [
    { flags: '-n, --name <name>', means: 'only this one' },
    { flags: '-d, --dump', means: 'all with their values (the default)' },
  ],
  examples: [
    ['orchard getfattr /data/a', 'all'],
    ['orchard getfattr -n user.origin /data/a', 'one'],
  ],
  run: (shell, args, { name }) =>
    shell.eachPath(args, async (path) => {
      const client = await shell.client();
      const found = await client.getXattrs(path, { signal: shell.signal });
      const entries = Object.entries(found).filter(([key]) => name === undefined || key === name);
      const texts = entries.map(([key, value]): [string, string] => [key, bytesText(value)]);
      if (name !== undefined && entries.length === 0) {
        throw new OrchardError('NOT_FOUND', `no extended attribute ${name}`, {
          path,
          hint: `orchard getfattr ${path}`,
        });
      }
      if (shell.isJson) {
        await shell.out.json({ path, xattrs: Object.fromEntries(texts) });
        return;
      }
      await shell.out.line(`# file: ${shown(path)}`);
      for (const [key, text] of texts)
        await shell.out.line(`${shown(key)}=${JSON.stringify(text)}`);
    }),
});

function attributeValue(text: string): Uint8Array | string {
  if (/^0x(?:[0-9a-f]{2})*$/i.test(text)) return Buffer.from(text.slice(2), 'hex');
  return /^0s/i.test(text) ? Buffer.from(text.slice(2), 'base64') : text;
}
