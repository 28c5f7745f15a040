/**
 * The demo's own directory: data of the master, objects of the S3 server, the log. A directory that
 * an
 * earlier demo has left is emptied; any other that holds something is refused.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Tells the directory of a demo from everything else. */
const MARKER = 'orchard-demo';
const DIRECTORY_DEFAULT = '.orchard-demo';

export type DemoDirectory = {
  readonly dataDir: string;
  readonly s3Dir: string;
  readonly logFile: string;
};

export function prepareDirectory(wanted: string | undefined): DemoDirectory {
  const directory = resolve(wanted ?? DIRECTORY_DEFAULT);
  mkdirSync(directory, { recursive: true });
  const found = readdirSync(directory);
  if (found.length > 0 && !found.includes(MARKER)) {
    throw new Error(
      `${directory} holds something else; give the demo an empty directory in ORCHARD_DATA_DIR`,
    );
  }
  for (const name of found) rmSync(join(directory, name), { recursive: true, force: true });
  writeFileSync(join(directory, MARKER), 'Left by `npm run demo`, which empties it next time.\n');
  const s3Dir = join(directory, 's3');
  mkdirSync(s3Dir);
  return { dataDir: join(directory, 'data'), s3Dir, logFile: join(directory, 'master.log') };
}
