/**
 * text: files as text. Compressed files are unpacked; formats that need a tool are refused by name.
 */
import { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { OrchardError } from '../../client/errors.js';
import type { Shell } from '../shell.js';
import { verb } from '../verb.js';

/** The first bytes decide the format, because names may be wrong. */
const BEGIN_BYTES = 4;

type Unpack = () => NodeJS.ReadWriteStream;

export const text = verb({
  name: 'text',
  args: '<path...>',
  summary: 'print files as text: gzip and zlib are unpacked',
  options: [],
  examples: [["orchard text '/logs/*.gz'", 'as cat and gunzip']],
  familiar:
    'as `hdfs dfs -text`; SequenceFiles, Avro, bzip2, zstd and the like are refused by name.',
  run: (shell, args) => shell.eachPath(args, (path) => printText(shell, path)),
});

async function printText(shell: Shell, path: string): Promise<void> {
  const client = await shell.client();
  const chunks = client.open(path, { signal: shell.signal })[Symbol.asyncIterator]();
  const begin = await firstBytes(chunks);
  const unpack = unpackOf(path, begin);
  const whole = Readable.from(continued(begin, chunks));
  const shownAs = unpack === undefined ? whole : whole.pipe(unpack());
  // A pipe does not pass on the failure of its source.
  whole.on('error', (error) => (shownAs as Readable).destroy(error));
  try {
    for await (const chunk of shownAs) await shell.out.bytes(chunk as Uint8Array);
  } catch (thrown) {
    throw isDamaged(thrown) ? damaged(path, thrown) : thrown;
  }
}

async function firstBytes(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let begin = new Uint8Array(0);
  while (begin.length < BEGIN_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    begin = Buffer.concat([begin, next.value]);
  }
  return begin;
}

async function* continued(
  begin: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield begin;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Undefined: the bytes are plain text. */
function unpackOf(path: string, begin: Uint8Array): Unpack | undefined {
  const [first = 0, second = 0] = begin;
  if (first === 0x1f && second === 0x8b) return createGunzip;
  // A zlib header: method 8, and a check that makes it a multiple of 31.
  if ((first & 0x0f) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0) {
    if (path.endsWith('.deflate') || path.endsWith('.zz') || path.endsWith('.zlib')) {
      return createInflate;
    }
  }
  const latin = Buffer.from(begin.subarray(0, BEGIN_BYTES)).toString('latin1');
  const known = otherFormats.find(([magic]) => latin.startsWith(magic));
  if (known === undefined) return undefined;
  const [, name, tool] = known;
  throw new OrchardError('UNIMPLEMENTED', `It is ${name}, which is not unpacked here.`, {
    path,
    hint: `orchard cat ${path} | ${tool}`,
  });
}

const otherFormats: readonly (readonly [magic: string, name: string, tool: string])[] = [
  ['SEQ', 'a SequenceFile', 'a tool of Hadoop'],
  ['Obj\x01', 'an Avro file', 'avro-tools tojson -'],
  ['BZh', 'bzip2', 'bunzip2'],
  ['\x28\xb5\x2f\xfd', 'zstd', 'zstd -d'],
  ['\xfd7zX', 'xz', 'xz -d'],
  ['\x04\x22\x4d\x18', 'lz4', 'lz4 -d'],
  ['PAR1', 'a Parquet file', 'a tool for Parquet'],
  ['ORC', 'an ORC file', 'a tool for ORC'],
];

const isDamaged = (thrown: unknown): boolean =>
  String((thrown as NodeJS.ErrnoException | null)?.code).startsWith('Z_');

const damaged = (path: string, cause: unknown): OrchardError =>
  new OrchardError('DATA_LOSS', `Its compressed content is damaged: ${(cause as Error).message}.`, {
    path,
    hint: `orchard cat ${path} prints it as it is`,
    cause,
  });
