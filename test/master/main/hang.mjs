/**
 * Preloaded into a real master (`node --import`), in each of its threads: a local store whose calls
 * hang as those of a dead NFS server do, in main or in the threads of the background, as
 * ORCHARD_TEST_HANG says. ORCHARD_TEST_HANG_AT is a pipe that nobody writes: to open it takes for
 * ever, and a thread of libuv.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const where = process.env['ORCHARD_TEST_HANG'];
const pipe = process.env['ORCHARD_TEST_HANG_AT'];

if (isMainThread === (where === 'main')) {
  for (const call of ['realpath', 'stat']) {
    const original = fs[call];
    fs[call] = (path, ...rest) =>
      path.includes('hanging-store') ? fs.open(pipe) : original(path, ...rest);
  }
  syncBuiltinESMExports();
}
