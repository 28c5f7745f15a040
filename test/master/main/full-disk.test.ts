/**
 * Goal: a master whose disk fills up goes read-only with a message that says so, goes on reading,
 * loses nothing that it acknowledged, and takes writes again by itself when there is room.
 * Method: a real master process on a real disk of 64 MiB (tmpfs; skipped where nobody may mount),
 * filled by another file: to the reserve, and to the last byte while writes are under way.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { OrchardClient } from '../../../src/client/index.js';
import { MasterProcess } from '../../cli/master-process.js';
import { canMount, SmallDisk } from '../../support/small-disk.js';

const MIB = 1 << 20;
const DISK_BYTES = 64 * MIB;
const WAIT_MS = 20_000;

let disk: SmallDisk | undefined;
let master: MasterProcess | undefined;
let client: OrchardClient | undefined;

afterEach(async () => {
  await client?.close();
  await master?.remove();
  disk?.remove();
});

async function start(reserve: string): Promise<OrchardClient> {
  disk = new SmallDisk(DISK_BYTES);
  await mkdir(path.join(disk.path, 'data'));
  master = await MasterProcess.create({
    ORCHARD_DATA_DIR: path.join(disk.path, 'data'),
    ORCHARD_DISK_RESERVE_BYTES: reserve,
    ORCHARD_JOURNAL_SEGMENT_BYTES: '1MiB',
    ORCHARD_JOURNAL_BYTES_MAX: '4MiB',
    ORCHARD_FLUSH_INTERVAL: '100ms',
  });
  await master.start();
  client = await master.connect();
  return client;
}

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

/** Creates until one is refused; the names that were acknowledged, and the refusal. */
async function createUntilRefused(on: OrchardClient, prefix: string, made: string[]) {
  const until = performance.now() + WAIT_MS;
  for (let i = 0; performance.now() < until; i++) {
    const name = `/${prefix}-${i}`;
    try {
      await on.createFile(name, { deadlineMs: 2000 });
      made.push(name);
    } catch (error) {
      if (codeOf(error) !== 'DEADLINE_EXCEEDED') return error as Error;
    }
  }
  throw new Error('writes were never refused');
}

async function createUntilTaken(on: OrchardClient, name: string): Promise<void> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    try {
      await on.createFile(name, { deadlineMs: 2000 });
      return;
    } catch (error) {
      // The first try may have been under way when the disk filled up, and done since.
      if (codeOf(error) === 'ALREADY_EXISTS') return;
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

describe.runIf(canMount)('a disk that fills up', () => {
  test('below the reserve: read-only, reads go on, and back by itself', async () => {
    const on = await start('16MiB');
    await on.createFile('/before');
    disk!.fill(12 * MIB);
    const made: string[] = [];
    const refusal = await createUntilRefused(on, 'filling', made);
    expect(refusal).toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(refusal.message).toContain('read-only');
    expect((refusal as { hint?: string }).hint).toContain('Free disk space');
    expect((await on.getStatus('/before')).path).toBe('/before');
    const report = (await on.report()) as { disk: Record<string, unknown> };
    expect(report.disk).toMatchObject({ readOnly: true, reasons: ['RESERVE'] });
    expect(report.disk['freeBytes']).toBeLessThan(16 * MIB);
    const metrics = await fetch(`http://127.0.0.1:${master!.httpPort}/metrics`);
    expect(await metrics.text()).toMatch(/^orchard_read_only(\{.*\})? 1$/m);
    disk!.empty();
    await createUntilTaken(on, '/after');
    for (const name of [...made, '/before', '/after']) await on.getStatus(name);
  }, 60_000);

  test('to the last byte, in the middle of writes: nothing is lost, and it goes on', async () => {
    const on = await start('0');
    const made: string[] = [];
    for (let i = 0; i < 200; i++) {
      await on.createFile(`/early-${i}`);
      made.push(`/early-${i}`);
    }
    const refused = createUntilRefused(on, `late-${'x'.repeat(120)}`, made);
    disk!.fill();
    expect(await refused).toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(disk!.freeBytes).toBeLessThan(MIB);
    expect((await on.getStatus('/early-0')).path).toBe('/early-0');
    disk!.empty();
    await createUntilTaken(on, '/after');
    await master!.stop('SIGKILL');
    await client!.close();
    await master!.start();
    client = await master!.connect();
    for (const name of [...made, '/after']) await client.getStatus(name);
  }, 90_000);
});
