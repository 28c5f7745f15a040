/** The soak in its smallest size: every phase runs and finds nothing; the report stands. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { operationsChecked } from './ledger.js';
import { summary, writeReport } from './report.js';
import { soak } from './soak.js';

const SMOKE_MINUTES = 0.08;

test('a smoke of the soak is clean, and tells so', async () => {
  const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000);
  const ledger = await soak({ minutes: SMOKE_MINUTES, seed, killsPerMinute: 60 });
  console.log(`smoke of seed ${seed}: ${JSON.stringify(summary(ledger))}`);
  console.log(JSON.stringify(ledger.rarePaths));
  expect(ledger.violations).toEqual([]);
  expect(operationsChecked(ledger)).toBeGreaterThan(500);
  expect(Object.values(ledger.kills).length).toBeGreaterThan(0);
  expect(ledger.counts['model sequences']).toBeGreaterThan(2);
  expect(ledger.counts['mutated frames']).toBeGreaterThan(2000);
  // Which ones a smoke comes by is chance, but for these.
  expect(ledger.rarePaths['parkedForName']).toBeGreaterThan(0);
  expect(ledger.rarePaths['parkedForLock']).toBeGreaterThan(0);
  expect(ledger.counts['backups restored']).toBeGreaterThan(0);
  const directory = await mkdtemp(path.join(tmpdir(), 'orchard-soak-'));
  try {
    const page = await writeReport(ledger, directory);
    const text = await readFile(page, 'utf8');
    expect(text).toContain('Orchard soak: clean');
    expect(text).toContain('<svg');
    expect(await readFile(page.replace('.html', '.json'), 'utf8')).toContain(`"seed": ${seed}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 300_000);
