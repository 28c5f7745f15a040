/**
 * Goal: no page of a web site can use a master of the machine that shows it, on any port.
 * Method: a real master with one page that may, and the headers that a browser would send.
 */
import { request } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { GetStatusT } from '../../../src/wire/generated/index.js';
import { MasterProcess } from '../../cli/master-process.js';
import { encodeRequest } from '../../wire/samples.js';

const PAGE = 'https://console.example.com';

let master: MasterProcess;
afterEach(() => master.remove());

async function statuses(headers: Record<string, string>): Promise<number[]> {
  const root = { 'x-orchard-user': 'root', ...headers };
  const body = encodeRequest(7, 'GetStatus', new GetStatusT('/'));
  const answers = await Promise.all([
    request(`http://127.0.0.1:${master.rpcPort}/rpc`, { method: 'POST', headers: root, body }),
    request(`http://127.0.0.1:${master.rpcPort}/healthz`, { headers }),
    request(`http://127.0.0.1:${master.httpPort}/healthz`, { headers }),
    request(`http://127.0.0.1:${master.httpPort}/metrics`, { headers }),
    request(`http://127.0.0.1:${master.httpPort}/v1/data/none`, { headers: root }),
  ]);
  for (const { body: unread } of answers) await unread.dump();
  return answers.map(({ statusCode }) => statusCode);
}

test('B4: both ports refuse pages of other sites, and rebound names', async () => {
  master = await MasterProcess.create({ ORCHARD_ALLOWED_ORIGINS: PAGE });
  await master.start();
  expect(await statuses({})).toEqual([200, 200, 200, 200, 404]);
  expect(await statuses({ origin: PAGE })).toEqual([200, 200, 200, 200, 404]);
  expect(await statuses({ origin: 'https://evil.example' })).toEqual([403, 403, 403, 403, 403]);
  expect(await statuses({ host: 'evil.example' })).toEqual([403, 403, 403, 403, 403]);
});
