/** One process a port, whatever shares it by SO_REUSEPORT. */

import uWS from 'uWebSockets.js';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { Code } from '../../src/base/status.js';
import { claimPort } from '../../src/process/port-claim.js';

const setting = 'ORCHARD_RPC_PORT';
const claim = (port: number, host = '127.0.0.1') => claimPort({ host, port, setting });
const refused = (port: number) => ({
  code: Code.FAILED_PRECONDITION,
  message: expect.stringContaining(`Port ${port} `),
  hint: expect.stringContaining(setting),
});

test('49: a port is claimed once, at overlapping addresses too', async () => {
  const port = await claim(0);
  expect(await claim(0)).not.toBe(port);
  await expect(claim(port)).rejects.toMatchObject(refused(port));
  await expect(claim(port, '0.0.0.0')).rejects.toMatchObject(refused(port));
  expect(await claim(port, '127.0.0.2')).toBe(port);
  const [one, other] = await Promise.allSettled([claim(0, '0.0.0.0'), claim(0, '0.0.0.0')]);
  expect([one!.status, other!.status]).toEqual(['fulfilled', 'fulfilled']);
});

test('49: of two that begin at the same time at most one has it', async () => {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  const hosts = ['127.0.0.1', '0.0.0.0', '127.0.0.1', '0.0.0.0'];
  const claims = await Promise.allSettled(hosts.map((host) => claim(port, host)));
  expect(claims.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
});

test('49: what shares its port with anybody is found there', async () => {
  const app = uWS.App();
  const port = await new Promise<number>((resolve) => {
    app.listen('127.0.0.1', 0, (socket) => {
      if (socket !== false) resolve(uWS.us_socket_local_port(socket));
    });
  });
  await expect(claim(port)).rejects.toMatchObject(refused(port));
  app.close();
});

test('a claim does not listen, and says what is wrong with an address', async () => {
  const port = await claim(0);
  await new Promise<void>((resolve) => {
    connect(port, '127.0.0.1').on('error', () => resolve());
  });
  await expect(claim(0, '203.0.113.7')).rejects.toMatchObject({
    code: Code.FAILED_PRECONDITION,
    hint: expect.stringContaining('ORCHARD_HOST'),
  });
});
