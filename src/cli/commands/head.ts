/** head: the beginning of a file. Asks for no more than it shows, or stops when it has that. */
import type { Shell } from '../shell.js';
import { verb } from '../verb.js';
import { type ExcerptOptions, excerptOf, excerptOptions } from './excerpt.js';

const LINE_FEED = 10;

export const head = verb<ExcerptOptions>({
  name: 'head',
  args: '<path...>',
  summary: 'print the beginning of files',
  options: excerptOptions,
  examples: [
    ['orchard head /data/a.csv', 'the first 1024 bytes'],
    ['orchard head -n 5 /data/a.csv', 'the first five lines'],
  ],
  run: (shell, args, options) => {
    const { unit, count } = excerptOf(options);
    return shell.eachPath(args, (path) =>
      unit === 'bytes' ? firstBytes(shell, path, count) : firstLines(shell, path, count),
    );
  },
});

async function firstBytes(shell: Shell, path: string, length: number): Promise<void> {
  const client = await shell.client();
  for await (const chunk of client.open(path, { length, signal: shell.signal })) {
    await shell.out.bytes(chunk);
  }
}

async function firstLines(shell: Shell, path: string, count: number): Promise<void> {
  const client = await shell.client();
  let left = count;
  if (left === 0) return;
  for await (const chunk of client.open(path, { signal: shell.signal })) {
    let end = 0;
    while (left > 0) {
      const at = chunk.indexOf(LINE_FEED, end);
      if (at === -1) break;
      end = at + 1;
      left -= 1;
    }
    await shell.out.bytes(left === 0 ? chunk.subarray(0, end) : chunk);
    if (left === 0) return;
  }
}
