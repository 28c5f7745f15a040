/** getmerge: the files of a directory, one behind the other, as one file of this machine. */
import { resolve } from 'node:path';
import { expandAll } from '../expand.js';
import { humanBytes, shown } from '../format.js';
import { checkParent, writeLocal } from '../local-file.js';
import type { Shell } from '../shell.js';
import { verb } from '../verb.js';
import { splitTarget } from './target.js';

type Options = { newline?: boolean; skipEmpty?: boolean };

const LINE_FEED = Buffer.from('\n');

export const getmerge = verb<Options>({
  name: 'getmerge',
  args: '<paths...>',
  usage: '<path...> <local>',
  summary: 'copy the files of directories into one file of this machine',
  options: [
    { flags: '--newline', means: 'a line end after each file (also -nl)' },
    { flags: '--skip-empty', means: 'no line end after empty files (also -skip-empty-file)' },
  ],
  examples: [
    ['orchard getmerge /data/out result.csv', 'part-0, part-1 … in the order of their names'],
    ['orchard getmerge --newline /data/out -', 'to standard output'],
  ],
  familiar: 'as `hdfs dfs -getmerge`: directories below are left out, and the target is replaced.',
  run: async (shell, args, options) => {
    const { sources, target } = splitTarget(args);
    const client = await shell.client();
    const paths = await expandAll(client, sources);
    const merge = new Merge(shell, options);
    if (target === '-') {
      for await (const chunk of merge.chunks(paths)) await shell.out.bytes(chunk);
      return;
    }
    const local = resolve(shell.io.workingDirectory, target);
    await checkParent(local);
    await writeLocal(local, merge.chunks(paths), { overwrite: true });
    const { files, bytes } = merge;
    const said = `Merged ${files} files into ${shown(target)}, ${humanBytes(bytes)}`;
    await shell.confirm(said, { merged: paths, to: local, files, bytes });
  },
});

class Merge {
  files = 0;
  bytes = 0;
  readonly #shell: Shell;
  readonly #options: Options;

  constructor(shell: Shell, options: Options) {
    this.#shell = shell;
    this.#options = options;
  }

  async *chunks(paths: readonly string[]): AsyncGenerator<Uint8Array, void, undefined> {
    for (const path of paths) {
      for await (const file of this.#filesOf(path)) yield* this.#content(file);
    }
  }

  async *#filesOf(path: string): AsyncGenerator<string, void, undefined> {
    const client = await this.#shell.client();
    const { signal } = this.#shell;
    // A file's listing is the file.
    for await (const entry of client.list(path, { signal })) {
      if (entry.type === 'file') yield entry.path;
    }
  }

  async *#content(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    const client = await this.#shell.client();
    const before = this.bytes;
    for await (const chunk of client.open(path, { signal: this.#shell.signal })) {
      this.bytes += chunk.length;
      yield chunk;
    }
    this.files += 1;
    const isEmpty = this.bytes === before;
    if (this.#options.newline === true && !(isEmpty && this.#options.skipEmpty === true)) {
      this.bytes += 1;
      yield LINE_FEED;
    }
  }
}
