/** cp: copies within the namespace, streamed through this process. */

import { OrchardError } from '../../client/errors.js';
import type { FileStatus } from '../../client/index.js';
import { expandAll } from '../expand.js';
import { shown } from '../format.js';
import { joinPath, relativeTo } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { Transfer } from '../transfer.js';
import { walkTree } from '../tree.js';
import { force, recursive, unneeded, verb } from '../verb.js';
import { checkNotBelow, placeAll, preserve, refusePreserve, splitTarget } from './target.js';

type Options = { force?: boolean; recursive?: boolean; preserve?: boolean };

export const cp = verb<Options>({
  name: 'cp',
  args: '<paths...>',
  usage: '<source...> <target>',
  summary: 'copy within the namespace',
  options: [recursive, force, preserve, unneeded('-d, --direct'), unneeded('-t, --thread <count>')],
  examples: [
    ['orchard cp /data/a.csv /backup', 'into an existing directory'],
    ['orchard cp -R /nas/photos /s3/photos', 'a tree, from one store to another'],
  ],
  familiar: 'a move within one store is `mv`, which copies nothing.',
  run: async (shell, args, options) => {
    refusePreserve(options);
    const { sources, target } = splitTarget(args);
    const client = await shell.client();
    const placed = await placeAll(client, await expandAll(client, sources), target);
    for (const { source, place } of placed) {
      await shell.attempt(() => copyTree(shell, source, place, options));
    }
  },
});

async function copyTree(
  shell: Shell,
  source: string,
  place: string,
  options: Options,
): Promise<void> {
  const client = await shell.client();
  const { signal } = shell;
  const top = await client.getStatus(source, { signal });
  const isTree = top.type === 'directory';
  checkTree(top, place, options);
  const total = isTree ? (await client.contentSummary(source, { signal })).files : 1;
  const transfer = new Transfer(shell, `cp ${shown(source)}`, total);
  const overwrite = options.force === true;
  const files = isTree ? filesBelow(shell, source, place) : [top];
  await transfer.each(files, async ({ path, length }) => {
    const chunks = transfer.counted(client.open(path, { signal }));
    const target = targetOf(place, relativeTo(source, path));
    await client.put(target, chunks, { overwrite, length, signal });
  });
  await transfer.confirm(source, place, { copied: source, to: place });
}

function checkTree({ type, path }: FileStatus, place: string, options: Options): void {
  if (type !== 'directory') return;
  if (options.recursive !== true) {
    const hint = 'copy it with -R';
    throw new OrchardError('INVALID_ARGUMENT', 'It is a directory.', { path, hint });
  }
  checkNotBelow({ source: path, place });
}

async function* filesBelow(
  shell: Shell,
  source: string,
  place: string,
): AsyncGenerator<FileStatus, void, undefined> {
  const client = await shell.client();
  const { signal } = shell;
  await client.createDirectory(place, { allowExists: true, signal });
  for await (const entry of walkTree(shell, source)) {
    if (entry.type === 'file') yield entry;
    else {
      const target = targetOf(place, relativeTo(source, entry.path));
      await client.createDirectory(target, { allowExists: true, signal });
    }
  }
}

const targetOf = (place: string, relative: string): string =>
  relative === '' ? place : joinPath(place, relative);
