/**
 * Goal: a write to the journal that fails, or comes out short, ends the master; what it answered
 * before is there at the next start, and what it could not write was acknowledged to nobody.
 * Method: a real master process whose file size limit (setrlimit of a running process, by
 * prlimit(1)) is lowered while clients write: the kernel then refuses, or cuts, the next write.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspectJournal } from '../../../src/master/journal/local/inspect.js';
import { MasterProcess } from '../../cli/master-process.js';

const EXIT_BUG = 70;
const ROUNDS = 40;
const isPossible = spawnSync('prlimit', ['--version']).status === 0;

let master: MasterProcess;
beforeEach(async () => {
  master = await MasterProcess.create({
    ORCHARD_JOURNAL_SEGMENT_BYTES: '1MiB',
    ORCHARD_FLUSH_INTERVAL: '10m',
  });
  await master.start();
});
afterEach(() => master.remove());

const dataDir = (): string => path.join(master.directory, 'data');

function limitFiles(bytes: number): void {
  const pid = readFileSync(path.join(dataDir(), 'LOCK'), 'utf8').trim();
  const { status, stderr } = spawnSync('prlimit', ['--pid', pid, `--fsize=${bytes}`]);
  expect(status, String(stderr)).toBe(0);
}

async function journalBytes(): Promise<number> {
  for await (const { usedBytes } of inspectJournal(path.join(dataDir(), 'journal'))) {
    return usedBytes;
  }
  throw new Error('there is no segment');
}

describe.runIf(isPossible)('a write to the journal', () => {
  test.each([
    ['that fails', () => 4096, /write failed: (EFBIG|.*too large)/],
    ['that comes out short', (used: number) => used + 1000, /short write: \d+ of \d+ bytes/],
  ])(
    '%s ends the master, and nothing answered is lost',
    async (_, limitOf, why) => {
      const client = await master.connect();
      const made: string[] = [];
      for (let i = 0; i < 20; i++) {
        await client.createFile(`/before-${i}`);
        made.push(`/before-${i}`);
      }
      limitFiles(limitOf(await journalBytes()));
      const later = Array.from({ length: ROUNDS }, async (_unused, i) => {
        await client.createFile(`/after-${i}`, { deadlineMs: 5000 });
        made.push(`/after-${i}`);
      });
      await Promise.allSettled(later);
      expect(await master.stop('SIGCONT')).toBe(EXIT_BUG);
      expect(master.log).toMatch(why);
      await client.close();
      await master.start();
      const again = await master.connect();
      for (const name of made) await again.getStatus(name);
      // Those that were not answered are there whole or not at all, and can be made.
      for (let i = 0; i < ROUNDS; i++) {
        const status = await again.getStatus(`/after-${i}`).catch(() => undefined);
        if (status === undefined) await again.createFile(`/after-${i}`);
      }
      await again.close();
    },
    60_000,
  );
});
