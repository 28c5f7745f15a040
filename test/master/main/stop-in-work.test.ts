/**
 * Goal: SIGTERM in the middle of long work ends in order, with status 0: the work stops at its next
 * step, and nobody takes it for a system call that hangs (B23). And a writer's lease holds while
 * its transfer does, over the setting's real time (A15, B14).
 * Method: real masters; the work is under way when the signal comes.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { OrchardClient } from '../../../src/client/index.js';
import { ProofMaster } from '../../proof/proof-master.js';

const FILES = 3000;
let master: ProofMaster;
let directory: string | undefined;
afterEach(async () => {
  await master.remove();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

async function fill(client: OrchardClient, ttlMs?: number): Promise<void> {
  for (let first = 0; first < FILES; first += 500) {
    const paths = Array.from({ length: 500 }, (_, i) => `/d/f${first + i}`);
    const options = { recursive: true, ...(ttlMs !== undefined && { ttlMs }) };
    await Promise.all(paths.map((each) => client.createFile(each, options)));
  }
}

const WORKS = {
  'a ttl pass': async (client: OrchardClient) => {
    await fill(client, 1);
    await client.getStatus('/d/f0').catch(() => undefined);
  },
  verify: async (client: OrchardClient) => {
    await fill(client);
    void client.verify().catch(() => undefined);
  },
  load: async (client: OrchardClient) => {
    directory = mkdtempSync(path.join(tmpdir(), 'orchard-load-'));
    for (let i = 0; i < 300; i++) {
      mkdirSync(path.join(directory, `d${i}`));
      for (let j = 0; j < 5; j++) writeFileSync(path.join(directory, `d${i}`, `f${j}`), '');
    }
    await client.mount('/m', `file://${directory}`);
    void client.load('/m').catch(() => undefined);
  },
  'a large reclaim': async (client: OrchardClient) => {
    await fill(client);
    await client.delete('/d', { recursive: true, skipTrash: true });
    await sleep(1000);
  },
};

test.each(Object.entries(WORKS))(
  'B23: SIGTERM in %s ends in order',
  async (_, begin) => {
    master = await ProofMaster.create({
      ORCHARD_TTL_CHECK_INTERVAL: '200ms',
      ORCHARD_CLOCK_SETTLE: '0s',
    });
    await master.start();
    const client = await master.connect();
    await begin(client);
    await sleep(50);
    const ended = await master.stop('SIGTERM');
    expect(ended, master.log.slice(-8).join('\n')).toBe(0);
    await client.close({ withinMs: 1 });
    await master.start();
    const again = await master.connect();
    expect((await again.verify()).isClean).toBe(true);
    await again.close();
  },
  120_000,
);

test('A15, B14: the file of a killed writer goes, that of one who goes on stays', async () => {
  master = await ProofMaster.create({ ORCHARD_WRITE_LEASE: '2s', ORCHARD_CLOCK_SETTLE: '0s' });
  await master.start();
  const client = await master.connect();
  await client.createFile('/left');
  const port = master.httpPort;
  const slow = request({
    port,
    method: 'PUT',
    path: '/v1/data/slow',
    headers: { 'x-orchard-user': 'root' },
  });
  const answered = new Promise<number>((resolve, reject) => {
    slow.on('response', (response) => resolve(response.resume().statusCode!)).on('error', reject);
  });
  for (let i = 0; i < 25 || (await client.exists('/left')); i++) {
    slow.write('x');
    await sleep(250);
  }
  slow.end();
  expect(await answered).toBe(201);
  expect((await client.getStatus('/slow')).completed).toBe(true);
  await client.createFile('/left');
  await client.close();
}, 60_000);
