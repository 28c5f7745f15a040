/** setfattr and getfattr: extended attributes, named and valued as in `hdfs dfs`. */
import { OrchardError } from '../../client/errors.js';
import { bytesText, shown } from '../format.js';
import type { Shell } from '../shell.js';
import { walkTree } from '../tree.js';
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

type GetOptions = { name?: string; dump?: boolean; recursive?: boolean; encoding?: string };

/** How a value is written; undefined: text where it is text, else hex. */
type Encoding = keyof typeof encodings | undefined;

export const getfattr = verb<GetOptions>({
  name: 'getfattr',
  args: '<path...>',
  summary: 'show extended attributes',
  options: [
    { flags: '-n, --name <name>', means: 'only this attribute' },
    { flags: '-d, --dump', means: 'all attributes with their values (the default)' },
    recursive,
    { flags: '-e, --encoding <how>', means: 'values as text, hex or base64' },
  ],
  examples: [
    ['orchard getfattr /data/a', 'all'],
    ['orchard getfattr -n user.origin /data/a', 'one'],
  ],
  run: (shell, args, { name, recursive: isDeep = false, encoding }) => {
    if (encoding !== undefined && !Object.hasOwn(encodings, encoding)) {
      throw new UsageError(`--encoding ${encoding}: no such form`, 'text, hex or base64');
    }
    const how = { name, encoding: encoding as Encoding };
    return shell.eachPath(args, async (path) => {
      const client = await shell.client();
      await show(shell, path, { ...how, isWanted: !isDeep });
      const { type } = await client.getStatus(path, { signal: shell.signal });
      if (!isDeep || type === 'file') return;
      for await (const entry of walkTree(shell, path)) {
        await shell.attempt(() => show(shell, entry.path, { ...how, isWanted: false }));
      }
    });
  },
});

type Wanted = {
  readonly name: string | undefined;
  readonly encoding: Encoding;
  /** A path without the attribute is a failure, not one of many. */
  readonly isWanted: boolean;
};

async function show(
  shell: Shell,
  path: string,
  { name, encoding, isWanted }: Wanted,
): Promise<void> {
  const client = await shell.client();
  const found = await client.getXattrs(path, { signal: shell.signal });
  const entries = Object.entries(found).filter(([key]) => name === undefined || key === name);
  if (name !== undefined && entries.length === 0) {
    if (!isWanted) return;
    throw new OrchardError('NOT_FOUND', `There is no extended attribute ${name}.`, {
      path,
      hint: `orchard getfattr ${path}`,
    });
  }
  const written = encoding === undefined ? bytesText : encodings[encoding];
  const texts = entries.map(([key, value]): [string, string] => [key, written(value)]);
  if (shell.isJson) {
    await shell.out.json({ path, xattrs: Object.fromEntries(texts) });
    return;
  }
  await shell.out.line(`# file: ${shown(path)}`);
  for (const [key, text] of texts) {
    const isPlain = encoding === 'hex' || encoding === 'base64';
    await shell.out.line(`${shown(key)}=${isPlain ? text : JSON.stringify(text)}`);
  }
}

const encodings = {
  text: bytesText,
  hex: (value: Uint8Array): string => `0x${Buffer.from(value).toString('hex')}`,
  base64: (value: Uint8Array): string => `0s${Buffer.from(value).toString('base64')}`,
} as const;

function attributeValue(text: string): Uint8Array | string {
  if (/^0x(?:[0-9a-f]{2})*$/i.test(text)) return Buffer.from(text.slice(2), 'hex');
  return /^0s/i.test(text) ? Buffer.from(text.slice(2), 'base64') : text;
}
