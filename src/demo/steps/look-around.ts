/** Step: list, stat and read what is in the stores, and make something new beside them. */
import type { FileStatus } from '../../client/index.js';
import { type Demo, timed } from '../demo.js';
import { bytesText, countText, spanText } from '../screen.js';

const SHOWN = 5;
const HEAD_BYTES = 60;

export async function lookAround(demo: Demo): Promise<void> {
  const { screen, client } = demo;
  screen.step('Looking around, making something');

  screen.command('orchard ls /code');
  const { value: entries, ms } = await timed(() => all(client.list('/code')));
  for (const entry of entries.slice(0, SHOWN)) screen.fact(listed(entry));
  screen.fact(`… ${countText(entries.length)} entries in ${spanText(ms)}`);

  const readme = await smallFile(demo, '/s3');
  screen.command(`orchard stat ${readme.path}`);
  const stat = await timed(() => client.getStatus(readme.path, { withAttributes: true }));
  screen.fact(
    `${bytesText(stat.value.length)}, modified ${new Date(stat.value.mtimeMs).toISOString()}, ` +
      `stored as ${stat.value.ufsPath ?? 'unknown'} (${spanText(stat.ms)})`,
  );
  screen.command(`orchard cat ${readme.path}`);
  screen.fact(`${JSON.stringify(await head(demo, readme.path))}…`);

  screen.command('orchard mkdir -p /projects/notes');
  const mkdir = await timed(() => client.createDirectory('/projects/notes', { recursive: true }));
  screen.fact(`inode ${mkdir.value.id}, durable in ${spanText(mkdir.ms)}`);
  screen.command('orchard touch /projects/notes/today');
  const create = await timed(() => client.createFile('/projects/notes/today'));
  await client.completeFile('/projects/notes/today', { length: 0 });
  screen.fact(`inode ${create.value.id}, durable in ${spanText(create.ms)}`);
}

const listed = ({ type, name, length }: FileStatus): string =>
  type === 'directory' ? `${name}/  ${countText(length)} entries` : `${name}  ${bytesText(length)}`;

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** Some file with text in it. */
async function smallFile({ client }: Demo, under: string): Promise<FileStatus> {
  for await (const status of client.list(under, { recursive: true })) {
    if (status.type === 'file' && status.name === 'package.json') return status;
  }
  throw new Error(`no package.json below ${under}`);
}

async function head({ client }: Demo, path: string): Promise<string> {
  let text = '';
  for await (const chunk of client.open(path, { length: HEAD_BYTES })) {
    text += Buffer.from(chunk).toString('utf8');
  }
  return text;
}
