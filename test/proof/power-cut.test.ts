/**
 * Goal: after a power cut at any moment, every acknowledged change is there, and each other one is
 * there completely or not at all. Method: the whole namespace over a disk in memory that keeps what
 * was synced, and some 512-byte sectors of the rest. Cuts come between batches, within a write, and
 * between a write and its sync. Flushes to tier 2 in between must trim nothing too early.
 */
import { expect, test } from 'vitest';
import { Random } from '../../bench/load/random.js';
import { Namespace } from '../master/ops/mutations/namespace.js';
import { FaultFs } from '../support/fault-fs.js';

const RUNS = 5;
const CUTS = 5;
const CALLS_MAX = 12;

test('whatever a power cut leaves of the journal, what was acknowledged is there', async () => {
  const first = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000);
  let unanswered = 0;
  for (let run = 0; run < RUNS; run++) {
    const random = new Random(first + run);
    const coin = (): number => random.below(1_000_000) / 1_000_000;
    let disk = new FaultFs();
    const names = new Namespace({ disk });
    const ids = new Map<string, number>();
    for (let cut = 0; cut < CUTS; cut++) {
      const calls = 1 + random.below(CALLS_MAX);
      for (let i = 0; i < calls; i++) {
        const path = `/f${cut}-${i}`;
        ids.set(path, (await names.createFile(path)).id);
        if (random.below(10) === 0) names.fixture.flush();
      }
      const open = random.below(4) === 0 ? undefined : `/open-${cut}`;
      if (open !== undefined) {
        unanswered++;
        const call = random.below(2) === 0 ? 'fdatasync' : 'write';
        disk.fail({ call, nth: 1, ...(call === 'write' && { shortBy: 1 + random.below(200) }) });
        await expect(names.createFile(open), `seed ${first + run}`).rejects.toThrow();
      }
      await names.fixture.powerCut(coin);
      disk = names.fixture.disk;
      for (const [path, id] of ids) {
        expect(names.stat(path)?.id, `${path} of seed ${first + run}`).toBe(id);
      }
      const found = open === undefined ? undefined : names.stat(open);
      if (found !== undefined) ids.set(open!, found.id);
      expect(names.children('/').length).toBe(ids.size);
      expect(names.stat('/')!.length).toBe(ids.size);
    }
    await names.close();
  }
  expect(unanswered).toBeGreaterThan(RUNS);
}, 120_000);
