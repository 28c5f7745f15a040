/**
 * Goal: a master has its ports for itself, and idle connections to any of them leave it the
 * descriptors of its own files.
 * Method: real masters; connections that say nothing.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { MasterProcess } from '../../cli/master-process.js';

const masters: MasterProcess[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(masters.splice(0).map((master) => master.remove()));
});

async function create(env: Readonly<Record<string, string>> = {}): Promise<MasterProcess> {
  const master = await MasterProcess.create(env);
  masters.push(master);
  return master;
}

test('49: a second master on a port of the first is refused, and told which', async () => {
  const first = await create();
  await first.start();
  for (const [name, port] of [
    ['ORCHARD_RPC_PORT', first.rpcPort],
    ['ORCHARD_HTTP_PORT', first.httpPort],
  ] as const) {
    const second = await create({ [name]: String(port), ORCHARD_HOST: '0.0.0.0' });
    await expect(second.start()).rejects.toThrow(`Port ${port} of 0.0.0.0 (${name}) is in use`);
  }
  const client = await first.connect();
  await client.createFile('/mine');
  await client.close();
});

test('B17: idle connections to both ports leave the master its descriptors', async () => {
  const master = await create({ ORCHARD_CONNECTIONS_MAX: '100' });
  await master.start();
  const own = descriptors(master.pid);
  for (let i = 0; i < 600; i++) {
    const socket = connect(i % 2 === 0 ? master.rpcPort : master.httpPort, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
  }
  await expect.poll(() => sockets.filter(({ closed }) => closed).length).toBeGreaterThan(450);
  expect(descriptors(master.pid) - own).toBeLessThan(130);
  for (const socket of sockets.splice(0)) socket.destroy();
  const connected = () =>
    master.connect().then(
      (client) => client,
      () => undefined,
    );
  let client = await connected();
  while (client === undefined) client = await connected();
  await client.createFile('/after');
  await client.close();
});

test('52: with too few descriptors a master says at once what to set', () => {
  const entry = new URL('../../../dist/src/cli/main.js', import.meta.url).pathname;
  const script = 'ulimit -n 64; exec "$0" "$@"';
  const args = ['-c', script, process.execPath, entry, 'master', 'start'];
  const { status, stderr } = spawnSync('sh', args, { encoding: 'utf8', timeout: 30_000 });
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/master start: .*open.* Try: .*ulimit -n 65536/);
});

const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
