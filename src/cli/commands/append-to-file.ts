/** appendToFile: local files as one new file. A file that exists has one content, and keeps it. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OrchardError } from '../../client/errors.js';
import { openLocal } from '../local-tree.js';
import { parsePath } from '../namespace-path.js';
import type { Shell } from '../shell.js';
import { Transfer } from '../transfer.js';
import { verb } from '../verb.js';
import { splitTarget, statusOrNothing } from './target.js';

const INPUT = '-';

export const appendToFile = verb({
  name: 'appendToFile',
  args: '<paths...>',
  usage: '<local...> <target>',
  summary: 'join local files into one new file; an existing file is refused',
  options: [],
  examples: [
    ['orchard appendToFile a.csv /data/all.csv', 'the file must not exist yet'],
    ['date | orchard appendToFile - /data/now', 'standard input'],
  ],
  familiar: 'as `hdfs dfs -appendToFile` for new files only: stores cannot append to an object.',
  run: async (shell, args) => {
    const { sources, target } = splitTarget(args);
    const path = parsePath(target);
    const client = await shell.client();
    if ((await statusOrNothing(client, path)) !== undefined) throw cannotAppend(path);
    const locals = sources.map((source) =>
      source === INPUT ? source : resolve(shell.io.workingDirectory, source),
    );
    for (const local of locals) if (local !== INPUT) await stat(local);
    const transfer = new Transfer(shell, 'appendToFile', 1);
    const { signal } = shell;
    await transfer.each([path], async () => {
      await client.put(path, transfer.counted(allOf(shell, locals)), { signal });
    });
    await transfer.confirm(sources.join(', '), path, { put: path });
  },
});

async function* allOf(
  { io }: Shell,
  locals: readonly string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const local of locals) {
    if (local === INPUT) {
      for await (const chunk of io.stdin) yield chunk as Uint8Array;
      continue;
    }
    const { chunks, close } = await openLocal(local);
    try {
      yield* chunks;
    } finally {
      close();
    }
  }
}

const cannotAppend = (path: string): OrchardError =>
  new OrchardError('UNIMPLEMENTED', 'The file exists, and content is never added to a file.', {
    path,
    hint: 'write another file beside it and read both, or replace it with orchard put -f',
  });
