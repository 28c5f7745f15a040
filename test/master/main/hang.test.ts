/**
 * Goal: a store that hangs in the middle of a system call, which no signal of ours ends, keeps a
 * master neither from stopping nor from keeping what it acknowledged.
 * Method: real processes; the calls of a local store hang by hang.mjs.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProofMaster } from '../../proof/proof-master.js';

const hang = fileURLToPath(new URL('./hang.mjs', import.meta.url));
/** ORCHARD_DRAIN_TIMEOUT, a second for each thing that hangs, and a busy machine. */
const END_MS_MAX = 10_000;
const once = { retry: false };

let directory: string;
let master: ProofMaster;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'orchard-hang-'));
});
afterEach(async () => {
  await master.remove();
  rmSync(directory, { recursive: true, force: true });
});

test.each(['main', 'background'])(
  'a master with a call of %s that hangs is killed when all else has stopped',
  async (where) => {
    const pipe = path.join(directory, 'pipe');
    const store = path.join(directory, 'hanging-store');
    execFileSync('mkfifo', [pipe]);
    mkdirSync(store);
    master = await ProofMaster.create({
      NODE_OPTIONS: `--import=${hang}`,
      ORCHARD_TEST_HANG: where,
      ORCHARD_TEST_HANG_AT: pipe,
      ORCHARD_UFS_TIMEOUT: '2s',
      ORCHARD_DRAIN_TIMEOUT: '2s',
    });
    await master.start();
    const client = await master.connect();
    await client.createFile('/kept');
    const use = client
      .mount('/store', `file://${store}`, once)
      .then(() => client.getStatus('/store/a', { ...once, load: 'always' }));
    await expect(use).rejects.toThrow(/No answer from .* within 2000 ms/);
    await client.close();
    const late = new Promise((resolve) => setTimeout(resolve, END_MS_MAX, 'still running').unref());
    const ended = await Promise.race([master.stop('SIGTERM'), late]);
    expect(ended, master.log.join('\n')).toBe('SIGKILL');
    expect(master.log.at(-1)).toMatch(/something hangs in a system call/);
    expect(await master.start()).toMatchObject({ replayedEntries: 0 });
    const again = await master.connect();
    expect((await again.getStatus('/kept')).path).toBe('/kept');
    await again.close();
  },
  60_000,
);
