/**
 * Goal: a directory whose restore was killed is never served as if it were whole: a master refuses
 * it and says what to do, and the same restore run again starts over and makes all of it.
 * Method: the built command line, killed after one step of the restore after the other.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandLine, ProofMaster } from '../../proof/proof-master.js';

const FILES = 200;
const killer = fileURLToPath(new URL('./kill-restore.mjs', import.meta.url));

let source: ProofMaster;
let file: string;
beforeAll(async () => {
  source = await ProofMaster.create({ ORCHARD_FLUSH_INTERVAL: '10m' });
  await source.start();
  const client = await source.connect();
  for (let i = 0; i < FILES; i++) await client.createFile(`/f${i}`);
  ({ file } = await client.backup('backup'));
  await client.close();
  await source.stop();
}, 60_000);
afterAll(() => source.remove());

test.each(['open', 'rows', 'entries', 'state', 'all'])(
  'killed after its first "%s", it is refused, and starts over',
  async (step) => {
    const target = await ProofMaster.create();
    try {
      const restore = [commandLine, 'admin', 'restore', file, '--data', target.dataDirectory];
      const env = { ...target.environment, ORCHARD_TEST_KILL_AFTER: step };
      const killed = spawnSync(process.execPath, ['--import', killer, ...restore], { env });
      expect(killed.signal, String(killed.stderr)).toBe('SIGKILL');
      await expect(target.start()).rejects.toThrow(/a restore into it did not end/);
      expect(target.log.join('\n')).toContain('Run `orchard admin restore` again');
      const again = spawnSync(process.execPath, restore, { env });
      expect(again.status, String(again.stderr)).toBe(0);
      await target.start();
      const client = await target.connect();
      for (let i = 0; i < FILES; i++) await client.getStatus(`/f${i}`);
      expect((await client.verify()).isClean).toBe(true);
      await client.close();
    } finally {
      await target.remove();
    }
  },
  60_000,
);
