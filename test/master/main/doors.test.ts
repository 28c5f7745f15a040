/**
 * Goal: the HTTP port is of doors, as many as were asked for, with the time-outs that were set; and
 * a port that somebody has is not shared. Method: real masters.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { MasterProcess } from '../../cli/master-process.js';

const masters: MasterProcess[] = [];
afterEach(() => Promise.all(masters.splice(0).map((master) => master.remove())));

async function create(env: Record<string, string>): Promise<MasterProcess> {
  const master = await MasterProcess.create(env);
  masters.push(master);
  return master;
}

test('Two doors share the port, end slow transfers, and drain', async () => {
  const master = await create({ ORCHARD_DOOR_THREADS: '2', ORCHARD_TRANSFER_TIMEOUT: '400ms' });
  await master.start();
  const at = `http://127.0.0.1:${master.httpPort}`;
  const headers = { 'x-orchard-user': 'root' };
  for (let i = 0; i < 8; i++) {
    const put = await fetch(`${at}/v1/data/f${i}`, { method: 'PUT', headers, body: `file ${i}` });
    expect(put.status).toBe(201);
    // A connection of its own each time, so that both doors are asked.
    const get = await fetch(`${at}/v1/data/f${i}`, {
      headers: { ...headers, connection: 'close' },
    });
    expect(await get.text()).toBe(`file ${i}`);
  }
  expect(await (await fetch(`${at}/healthz`)).json()).toEqual({ serving: true });
  expect(await (await fetch(`${at}/metrics`)).text()).toContain('orchard_journal_seq');

  const slow = connect(master.httpPort, '127.0.0.1');
  slow.write('PUT /v1/data/slow HTTP/1.1\r\nHost: localhost\r\nX-Orchard-User: root\r\n');
  slow.write('Content-Length: 10\r\n\r\n1');
  const [answer] = (await once(slow, 'data')) as [Buffer];
  expect(String(answer)).toContain('504 Gateway Timeout');
  slow.destroy();
  expect(await master.stop()).toBe(0);
});

test('49: a second master on the HTTP port is refused', async () => {
  const first = await create({ ORCHARD_DOOR_THREADS: '2' });
  await first.start();
  const second = await create({ ORCHARD_HTTP_PORT: String(first.httpPort) });
  await expect(second.start()).rejects.toThrow(/in use/);
  const health = await fetch(`http://127.0.0.1:${first.httpPort}/healthz`);
  expect(health.status).toBe(200);
});
