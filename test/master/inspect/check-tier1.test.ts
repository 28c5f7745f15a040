/**
 * Tier 1 against tier 2: what was flushed is the same in both, what was not is newer; a slot that
 * says otherwise is found.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readU64 } from '../../../src/base/word64.js';
import { checkTier1 } from '../../../src/master/inspect/check-tier1.js';
import { type Finding, Findings } from '../../../src/master/inspect/findings.js';
import { RECORD_ID, RECORD_MODE, RECORD_SEQ } from '../../../src/master/memory/record.js';
import { SetCopy } from '../../../src/master/tier/set-copy.js';
import { Namespace } from '../ops/mutations/namespace.js';

let names: Namespace;
beforeEach(() => {
  names = new Namespace();
});
afterEach(() => names.fixture.close());

async function check(): Promise<{ slots: number; findings: readonly Finding[] }> {
  const { shared, tier2 } = names.fixture;
  const findings = new Findings();
  const slots = await checkTier1(shared, tier2, findings, new AbortController().signal);
  return { slots, findings: findings.list };
}

/** Where the slot of an inode is in shared memory. */
function recordOf(id: number): number {
  const { shared } = names.fixture;
  const copy = new SetCopy(shared);
  const view = new DataView(copy.bytes.buffer);
  for (let set = 0; set < copy.setCount; set++) {
    const slot = copy.copy(set).find(({ record }) => readU64(view, record + RECORD_ID) === id);
    if (slot !== undefined) return copy.addressOf(set) + slot.record;
  }
  throw new Error(`inode ${id} is not in tier 1`);
}

test('both agree, before a flush and after it', async () => {
  await names.mkdir('/d');
  for (let i = 0; i < 100; i++) await names.createFile(`/d/f${i}`);
  expect((await check()).findings).toEqual([]);
  names.fixture.flush();
  for (let i = 0; i < 50; i++) await names.delete(`/d/f${i}`);
  await names.rename('/d/f60', '/d/g60');
  expect((await check()).findings).toEqual([]);
  names.fixture.flush();
  expect(names.stat('/d/none')).toBeUndefined();
  const { slots, findings } = await check();
  expect(findings).toEqual([]);
  expect(slots).toBeGreaterThan(100);
});

test('a clean slot that is not what is on disk is found', async () => {
  const { id } = await names.createFile('/f');
  names.fixture.flush();
  names.fixture.shared.view.setUint16(recordOf(id) + RECORD_MODE, 0o7777, true);
  const what = 'the record in memory is not the one on disk';
  expect((await check()).findings).toEqual([
    { code: 'tier1-differs', id, path: '(inode 1)/f', what },
  ]);
});

test('a clean slot of what is not on disk, and the other way round, is found', async () => {
  const { id } = await names.createFile('/f');
  const other = await names.createFile('/g');
  names.fixture.flush();
  const { tier2, shared } = names.fixture;
  tier2.transact(() => tier2.inodes.removeSync(tier2.ids.get(id) as Buffer));
  shared.view.setUint32(recordOf(other.id) + RECORD_ID, 0, true);
  const { findings } = await check();
  expect(findings.map(({ what }) => what).sort()).toEqual([
    'absent in memory, and on disk it is not',
    'in memory, and not on disk',
  ]);
});

test('a dirty slot that is older than the disk is found', async () => {
  const { id } = await names.createFile('/f');
  names.fixture.flush();
  await names.setAttribute('/f', { mode: 0o600 });
  names.fixture.shared.view.setUint32(recordOf(id) + RECORD_SEQ, 1, true);
  expect((await check()).findings.map(({ code }) => code)).toEqual(['tier1-differs']);
});
