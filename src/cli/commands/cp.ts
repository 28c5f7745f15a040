/** cp: copies within the namespace, streamed through this process. */

import { OrchardError } from '../../client/errors.js';
import type { FileStatus } from '../../client/index.js';
import { concurrently } from '../concurrently.js';
import { expandAll } from '../expand.js';
import { shown } from '../format.js';
import { joinPath, relativeTo } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { FILES_AT_A_TIME, Transfer } from '../transfer.js';
import { force, recursive, verb } from '../verb.js';
import { checkNotBelow, placeAll, splitTarget } from './target.js';

type Options = { force?: boolean; recursive?: boolean };

export const cp = verb<Options>({
  name: 'cp',
  args: '<paths...>',
  usage: '<source...> <target>',
  summary: 'copy within the namespace',
  options: [recursive, force],
  examples: [
    ['orchard cp /data/a.csv /backup', 'into a directory that exists'],
    ['orchard cp -R /nas/photos /s3/photos', 'a tree, from one store to another'],
  ],
  familiar: 'a move within one store is `mv`, which copies nothing.',
  run: async (shell, args, options) => {
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
  const report = shell.progress(`cp ${shown(source)}`, 'files');
  const transfer = new Transfer(report, total);
  const copyFile = async ({ path, length }: FileStatus) => {
    const good = await shell.attempt(async () => {
      const target = targetOf(place, relativeTo(source, path));
      await client.put(target, transfer.counted(client.open(path, { signal })), {
        overwrite: options.force === true,
        length,
        signal,
      });
      return true;
    });
    transfer.fileDone(good === true);
  };
  try {
    if (isTree) await concurrently(filesBelow(shell, source, place), FILES_AT_A_TIME, copyFile);
    else await copyFile(top);
  } finally {
    report.stop();
  }
  const { files, failed, bytes } = transfer;
  if (shell.isJson)
    await shell.out.json({ copied: source, to: place, files: files - failed, bytes, failed });
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
  for await (const entry of client.list(source, { recursive: true, signal })) {
    if (entry.type === 'file') yield entry;
    else {
      const target = targetOf(place, relativeTo(source, entry.path));
      await client.createDirectory(target, { allowExists: true, signal });
    }
  }
}

const targetOf = (place: string, relative: string): string =>
  relative === '' ? place : joinPath(place, relative);
