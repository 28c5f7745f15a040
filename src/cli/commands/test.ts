/** test: a question to a path; the exit status is the answer. */
import { Access } from '../../client/access.js';
import { OrchardError } from '../../client/errors.js';
import type { Client } from '../io.js';
import { parsePath } from '../namespace-path.js';
import { ExitStatus } from '../shell.js';
import { UsageError } from '../usage-error.js';
import { verb } from '../verb.js';
import { statusOrNothing } from './target.js';

type Options = Partial<
  Record<'exists' | 'directory' | 'file' | 'zero' | 'nonzero' | 'readable' | 'writable', boolean>
>;

export const test = verb<Options>({
  name: 'test',
  args: '<path>',
  summary: 'answer a question about a path by the exit status',
  options: [
    { flags: '-e, --exists', means: 'does it exist?' },
    { flags: '-d, --directory', means: 'is it is it a directory?' },
    { flags: '-f, --file', means: 'is it a file?' },
    { flags: '-z, --zero', means: 'is it an empty file?' },
    { flags: '-s, --nonzero', means: 'is it a file or directory that is not empty?' },
    { flags: '-r, --readable', means: 'is it readable?' },
    { flags: '-w, --writable', means: 'is it writable?' },
  ],
  examples: [
    ['orchard test -e /data/_SUCCESS && echo done', '0 yes, 1 no, 2 usage error'],
    ['orchard test -d /data', 'is it a directory?'],
  ],
  familiar: 'the letters are those of `hdfs dfs -test`.',
  run: async (shell, [text = ''], options) => {
    if (Object.keys(options).length === 0) throw new UsageError('no question', '-e, -d, -f, -z');
    const path = parsePath(text);
    const answer = await isTrue(await shell.client(), path, options);
    if (shell.isJson) await shell.out.json({ path, answer });
    if (!answer) shell.status = ExitStatus.FAILED;
  },
});

async function isTrue(client: Client, path: string, options: Options): Promise<boolean> {
  const status = await statusOrNothing(client, path);
  if (status === undefined) return false;
  const isFile = status.type === 'file';
  if (options.directory === true && isFile) return false;
  if (options.file === true && !isFile) return false;
  if (options.zero === true && !(isFile && status.length === 0)) return false;
  if (options.nonzero === true && status.length === 0) return false;
  if (options.readable === true && !(await isAllowed(client, path, Access.READ))) return false;
  return options.writable !== true || (await isAllowed(client, path, Access.WRITE));
}

async function isAllowed(client: Client, path: string, bits: number): Promise<boolean> {
  try {
    await client.checkAccess(path, bits);
    return true;
  } catch (thrown) {
    if (thrown instanceof OrchardError && thrown.code === 'PERMISSION_DENIED') return false;
    throw thrown;
  }
}
