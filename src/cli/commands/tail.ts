/** tail: the end of a file, read backwards in growing ranges until it holds enough lines. */
import type { Client } from '../io.js';
import { verb } from '../verb.js';
import { type Excerpt, type ExcerptOptions, excerptOf, excerptOptions } from './excerpt.js';

const LINE_FEED = 10;
const RANGE_BYTES_FIRST = 65_536;
/** Lines beyond this many bytes from the end are not looked for. */
const RANGE_BYTES_MAX = 64 * 2 ** 20;

export const tail = verb<ExcerptOptions & { follow?: boolean }>({
  name: 'tail',
  args: '<path...>',
  summary: 'print the end of files',
  options: [
    ...excerptOptions,
    { flags: '-f, --follow', means: 'accepted and ignored: a complete file does not grow' },
  ],
  examples: [
    ['orchard tail /logs/today', 'the last 1024 bytes'],
    ['orchard tail -n 20 /logs/today', 'the last twenty lines'],
  ],
  run: (shell, args, options) => {
    const excerpt = excerptOf(options);
    if (options.follow === true) shell.note('accepted and ignored: a complete file does not grow');
    return shell.eachPath(args, async (path) => {
      const client = await shell.client();
      for (const chunk of await lastOf(client, path, excerpt, shell.signal)) {
        await shell.out.bytes(chunk);
      }
    });
  },
});

async function lastOf(
  client: Client,
  path: string,
  { unit, count }: Excerpt,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const { length } = await client.getStatus(path, { signal });
  const lastBytes = async (bytes: number) => {
    const offset = Math.max(0, length - bytes);
    const chunks: Uint8Array[] = [];
    if (offset === length) return chunks;
    const range = { offset, length: length - offset, signal };
    for await (const chunk of client.open(path, range)) chunks.push(chunk);
    return chunks;
  };
  if (unit === 'bytes') return lastBytes(count);
  if (count === 0) return [];
  for (let bytes = RANGE_BYTES_FIRST; ; bytes *= 4) {
    const text = Buffer.concat(await lastBytes(Math.min(bytes, RANGE_BYTES_MAX)));
    const start = startOfLastLines(text, count);
    if (start !== -1) return [text.subarray(start)];
    if (bytes >= length || bytes >= RANGE_BYTES_MAX) return [text];
  }
}

/** Where the last `count` lines begin; -1 when the text has fewer. */
function startOfLastLines(text: Buffer, count: number): number {
  let at = text.at(-1) === LINE_FEED ? text.length - 1 : text.length;
  for (let line = 0; line < count; line++) {
    at = at === 0 ? -1 : text.lastIndexOf(LINE_FEED, at - 1);
    if (at === -1) return -1;
  }
  return at + 1;
}
