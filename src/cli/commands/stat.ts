/** stat: everything that is known of a path. */
import type { FileStatus } from '../../client/index.js';
import {
  bytesText,
  exactTimeText,
  humanBytes,
  modeText,
  octalMode,
  permissionsText,
  shown,
  spanText,
  stateText,
  statusJson,
} from '../format.js';
import { Columns } from '../output.js';
import { verb } from '../verb.js';

export const stat = verb<{ format?: string }>({
  name: 'stat',
  args: '<path...>',
  summary: 'show everything known about a path',
  options: [
    {
      flags: '-f, --format <text>',
      means:
        'with %a octal mode, %A mode, %b bytes (%z too), %F type, %g group, %i id, %n name ' +
        '(%N too), %o block size, %p path, %r copies, %u owner, %y time in UTC, %Y in ms, ' +
        '%x and %X as %y and %Y',
    },
  ],
  examples: [
    ['orchard stat /data/part-0', 'all fields'],
    ["orchard stat -f '%u:%g %a %b' /data/part-0", 'owner, group, mode and size'],
    ['orchard stat --json /data', 'for scripts'],
  ],
  familiar:
    'the letters of --format are those of `hdfs dfs -stat` and `alluxio fs stat`.\n' +
    'Times of access are not kept, so %x is the time of modification.',
  run: (shell, args, { format }) =>
    shell.eachPath(args, async (path) => {
      const client = await shell.client();
      const options = { withAttributes: true, signal: shell.signal };
      const status = await client.getStatus(path, options);
      if (shell.isJson) await shell.out.json(statusJson(status));
      else if (format !== undefined) await shell.out.line(formatted(status, format));
      else {
        const lines = new Columns(['right', 'left']).lines(fieldsOf(status));
        for (const line of lines) await shell.out.line(line);
      }
    }),
});

const letters: Readonly<Record<string, (status: FileStatus) => string>> = {
  a: (status) => octalMode(status.mode),
  A: (status) => permissionsText(status.mode),
  b: (status) => String(status.length),
  F: (status) => status.type,
  g: (status) => status.group,
  i: (status) => String(status.id),
  n: (status) => status.name,
  o: (status) => String(status.blockSize),
  p: (status) => status.path,
  u: (status) => status.owner,
  N: (status) => status.name,
  r: (status) => String(status.type === 'file' ? status.replicationMin : 0),
  x: (status) => utcText(status.mtimeMs),
  X: (status) => String(status.mtimeMs),
  y: (status) => utcText(status.mtimeMs),
  Y: (status) => String(status.mtimeMs),
  z: (status) => String(status.length),
  '%': () => '%',
};

/** As HDFS has it, wherever the reader is: 2026-01-31 09:05:07. */
const utcText = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

const formatted = (status: FileStatus, format: string): string =>
  format.replace(/%(.)/gs, (whole, letter: string) => letters[letter]?.(status) ?? whole);

const bothSizes = (bytes: number): string =>
  bytes < 1024 ? String(bytes) : `${bytes} (${humanBytes(bytes)})`;

function fieldsOf(status: FileStatus): [string, string][] {
  const isFile = status.type === 'file';
  const { replicationMin, replicationMax } = status;
  const fields: ([string, string] | false | undefined)[] = [
    ['Path:', shown(status.path)],
    ['Type:', `${status.type}${isFile ? '' : `, ${status.length} entries`}`],
    isFile && ['Size:', bothSizes(status.length)],
    ['State:', stateText(status)],
    ['Mode:', `${octalMode(status.mode)} (${modeText(status)})`],
    ['Owner:', `${status.owner}:${status.group}`],
    ['Modified:', exactTimeText(status.mtimeMs)],
    ['Created:', exactTimeText(status.ctimeMs)],
    status.ttlMs >= 0 && ['TTL:', `${spanText(status.ttlMs)}, then ${status.ttlAction}`],
    ['Pinned:', status.pinned ? 'yes' : 'no'],
    isFile && ['Block size:', bothSizes(status.blockSize)],
    isFile && ['Replicas:', `${replicationMin} to ${replicationMax < 0 ? 'any' : replicationMax}`],
    !isFile && ['Loaded:', status.childrenLoaded ? 'yes' : 'not yet'],
    ['Id:', `${status.id} in ${status.parentId}`],
    status.ufsPath !== undefined && ['Store path:', shown(status.ufsPath)],
    status.mountUri !== undefined && ['Mounted from:', shown(status.mountUri)],
    ...Object.entries(status.xattrs ?? {}).map(([name, value]): [string, string] => [
      'Xattr:',
      `${shown(name)} = ${shown(bytesText(value))}`,
    ]),
  ];
  return fields.filter((field) => field !== undefined && field !== false);
}
