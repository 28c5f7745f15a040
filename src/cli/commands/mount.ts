/** mount, unmount, mounts: stores in the namespace. */
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
    await shell.confirm(`Mounted ${shown(uri)} at ${shown(at)}`, { mounted: at, uri });
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

export const unmount = verb({
  name: 'unmount',
  args: '<path...>',
  summary: 'unmount stores; their data stays',
  options: [],
  examples: [['orchard unmount /logs', 'the metadata is removed, the bucket stays']],
  run: async (shell, args) => {
    const client = await shell.client();
    for (const path of args.map(parsePath)) {
      await shell.attempt(async () => {
        await client.unmount(path, { signal: shell.signal });
        await shell.confirm(`Unmounted ${shown(path)}`, { unmounted: path });
      });
    }
  },
});

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
