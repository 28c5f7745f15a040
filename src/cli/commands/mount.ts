/** mount, unmount, mounts: stores in the namespace. */
import { OrchardError } from '../../client/errors.js';
import { failureOf } from '../failure.js';
import { shown } from '../format.js';
import { parsePath } from '../namespace-path.js';
import { Columns } from '../output.js';
import type { Shell } from '../shell.js';
import { storeOptionsHelp } from '../store-door.js';
import { UsageError } from '../usage-error.js';
import { verb } from '../verb.js';

type Options = { option?: string[]; readOnly?: boolean; readonly?: boolean; shared?: boolean };

export const mount = verb<Options>({
  name: 'mount',
  args: '[path] [uri]',
  summary: 'mount a store in the namespace; without arguments, show the mounts',
  options: [
    { flags: '--option <key=value>', means: 'an option of the store', repeats: true },
    { flags: '--read-only', means: 'refuse changes below' },
    { flags: '--readonly', means: 'the same' },
    { flags: '--shared', means: 'readable for everybody' },
  ],
  examples: [
    ['orchard mount /nas file:///mnt/nas', 'a local directory or NFS'],
    ['orchard mount --read-only /logs s3://logs/2026', 'a bucket, protected'],
    [
      'orchard mount --option endpoint=http://minio:9000 /m s3://bucket',
      'a store that is not Amazon',
    ],
  ],
  familiar: 'path and store are in the order of `alluxio fs mount`; s3a:// is s3://.',
  moreHelp: storeOptionsHelp,
  run: async (shell, [path, uri], options) => {
    if (path === undefined) return show(shell);
    if (uri === undefined) throw new UsageError('no store', `orchard mount ${path} s3://bucket`);
    const client = await shell.client();
    const at = parsePath(path);
    await client.mount(at, uri, {
      options: optionsOf(options.option ?? []),
      readOnly: options.readOnly === true || options.readonly === true,
      shared: options.shared === true,
      signal: shell.signal,
    });
    const hidden = await tellHidden(shell, at);
    const told = { mounted: at, uri, ...(hidden && { hidden }) };
    await shell.confirm(`Mounted ${shown(uri)} at ${shown(at)}`, told);
  },
});

type UpdateOptions = Options & { readWrite?: boolean; private?: boolean };

export const updateMount = verb<UpdateOptions>({
  name: 'updateMount',
  args: '<path>',
  summary: 'change the options of a mount',
  options: [
    {
      flags: '--option <key=value>',
      means: 'all its options; replaces the old ones',
      repeats: true,
    },
    { flags: '--read-only', means: 'refuse changes below' },
    { flags: '--read-write', means: 'allow changes again' },
    { flags: '--shared', means: 'readable for everybody' },
    { flags: '--private', means: 'not readable for everybody' },
  ],
  examples: [
    ['orchard updateMount --read-only /logs', 'protect a store that is in use'],
    ['orchard updateMount --option region=eu-west-1 /m', 'change an option'],
  ],
  familiar: 'as `alluxio fs updateMount`, but settings that are not named stay unchanged.',
  moreHelp: storeOptionsHelp,
  run: async (shell, [text = ''], options) => {
    const path = parsePath(text);
    const client = await shell.client();
    const { option, readOnly, readWrite, shared, private: isPrivate } = options;
    await client.updateMount(path, {
      ...(option !== undefined && { options: optionsOf(option) }),
      ...((readOnly || readWrite) && { readOnly: readOnly === true }),
      ...((shared || isPrivate) && { shared: shared === true }),
      signal: shell.signal,
    });
    await shell.confirm(`Changed the mount at ${shown(path)}`, { updated: path });
  },
});

export const unmount = verb<{ yes?: boolean }>({
  name: 'unmount',
  args: '<path...>',
  summary: 'unmount stores; their data stays',
  options: [{ flags: '--yes', means: 'also where renames and deletes are undone by it' }],
  examples: [
    ['orchard unmount /logs', 'the metadata is removed, the bucket stays'],
    ['orchard unmount --yes /logs', 'and with it what was renamed or deleted below'],
  ],
  familiar:
    'renames and deletes never touch the store, so the next mount shows the old names.\n' +
    'Where there are such, it is told, and --yes is needed.',
  run: async (shell, args, { yes = false }) => {
    const client = await shell.client();
    for (const path of args.map(parsePath)) {
      await shell.attempt(async () => {
        if (!yes) await refuseUndone(shell, path);
        await client.unmount(path, { signal: shell.signal });
        await shell.confirm(`Unmounted ${shown(path)}`, { unmounted: path });
      });
    }
  },
});

/** Data of an earlier mount, to which no name leads any more. */
async function tellHidden(shell: Shell, path: string): Promise<boolean> {
  const client = await shell.client();
  try {
    const { orphans } = await client.orphans(path, { limit: 1, signal: shell.signal });
    if (orphans[0]?.kind !== 'hidden') return false;
    const where = 'the store has data of an earlier mount below .orchard, which nothing shows';
    shell.note(`${where}. See: orchard admin orphans ${path}`);
    return true;
  } catch (thrown) {
    // The mount is made: this is only something to know.
    if (shell.isFatal(thrown)) throw thrown;
    shell.note(`whether the store has hidden data is not known: ${failureOf(thrown).reason}`);
    return false;
  }
}

async function refuseUndone(shell: Shell, path: string): Promise<void> {
  const client = await shell.client();
  const { count, isMore, first } = await client.moved(path, { signal: shell.signal });
  if (count === 0) return;
  for (const { storePath, id } of first) {
    const now = await client.getFilePath(id, { signal: shell.signal }).catch(isDeleted);
    shell.note(`${shown(storePath)} of the store is ${shown(now ?? 'deleted')}`);
  }
  const many = `${isMore ? 'more than ' : ''}${count}`;
  const reason = `It would undo ${many} renames and deletes: the store keeps the old names.`;
  const hint = `orchard unmount --yes ${path}`;
  throw new OrchardError('FAILED_PRECONDITION', reason, { path, hint });
}

function isDeleted(thrown: unknown): undefined {
  if (!(thrown instanceof OrchardError) || thrown.code !== 'NOT_FOUND') throw thrown;
  return undefined;
}

export const mounts = verb({
  name: 'mounts',
  args: '',
  summary: 'show the mounts',
  options: [],
  examples: [['orchard mounts', 'path, store, kind and options of each; secrets are hidden']],
  familiar: 'as `alluxio fs mount` without arguments.',
  run: (shell) => show(shell),
});

async function show(shell: Shell): Promise<void> {
  const client = await shell.client();
  const table = await client.getMountTable({ signal: shell.signal });
  if (shell.isJson) {
    for (const mountPoint of table) await shell.out.json(mountPoint);
    return;
  }
  const rows = table.map((point) => {
    const flags = [
      point.readOnly ? 'read-only' : 'read-write',
      ...(point.shared ? ['shared'] : []),
    ];
    const options = Object.entries(point.options).map(([key, value]) => `${key}=${value}`);
    return [shown(point.path), shown(point.uri), point.type, flags.join(','), options.join(',')];
  });
  const head = ['PATH', 'STORE', 'KIND', 'ACCESS', 'OPTIONS'];
  const columns = new Columns(['left', 'left', 'left', 'left', 'left']);
  for (const line of columns.lines([head, ...rows])) await shell.out.line(line.trimEnd());
}

function optionsOf(texts: readonly string[]): Record<string, string> {
  const entries = texts.map((text): [string, string] => {
    const equals = text.indexOf('=');
    if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
    throw new UsageError(`--option ${text}: no key=value`, '--option region=eu-west-1');
  });
  return Object.fromEntries(entries);
}
