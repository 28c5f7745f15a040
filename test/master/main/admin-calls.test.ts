/**
 * Goal: calls about the master itself are answered to who may, one at a time, whatever is sent; and
 * who may not read something cannot learn of it by loading it or asking for its path.
 * Method: a real master, the superuser and a user.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import type { OrchardClient } from '../../../src/client/index.js';
import { GetJournalInfoT } from '../../../src/wire/generated/index.js';
import { MasterProcess } from '../../cli/master-process.js';
import { WireClient } from '../../net/wire-client.js';
import { encodeRequest } from '../../wire/samples.js';

const CALLS = 1000;
const GROWTH_BYTES_MAX = 200 * 2 ** 20;

let master: MasterProcess;
let root: OrchardClient;
let ann: OrchardClient;
let store: string;

beforeAll(async () => {
  master = await MasterProcess.create();
  await master.start();
  root = await master.connect();
  ann = await master.connect('ann');
  store = join(master.directory, 'store');
  for (const name of ['open', 'closed']) {
    mkdirSync(join(store, name), { recursive: true });
    writeFileSync(join(store, name, 'f'), name);
  }
  await root.mount('/m', `file://${store}`, { options: { timeoutMs: '9000' } });
  await root.load('/m');
  await root.setAttribute('/m/open', { mode: 0o755 });
  await root.setAttribute('/m/closed', { mode: 0o700 });
});
afterAll(async () => {
  await Promise.all([root.close(), ann.close()]);
  await master.remove();
});

const denied = { code: 'PERMISSION_DENIED' };

const residentBytes = (): number => {
  const status = readFileSync(`/proc/${master.pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
};

test('B25: reports on locks, journal and settings are for the superuser', async () => {
  await expect(ann.locks()).rejects.toMatchObject(denied);
  await expect(ann.journalInfo()).rejects.toMatchObject(denied);
  await expect(ann.config()).rejects.toMatchObject({ ...denied, hint: expect.anything() });
  expect(await ann.report()).toMatchObject({ version: expect.anything() });
  expect(await root.locks()).toMatchObject({ holders: [], waiterCount: 0 });
});

test('B25: load needs READ and EXECUTE, in each directory', async () => {
  await expect(ann.load('/m/closed')).rejects.toMatchObject(denied);
  await expect(ann.load('/m/closed/f')).rejects.toMatchObject(denied);
  expect(await ann.load('/m/open')).toMatchObject({ state: 'done', failed: 0 });
  const whole = await ann.load('/m');
  expect(whole).toMatchObject({ state: 'done', failed: 1 });
  expect(whole.error).toMatchObject(denied);
  const mine = (await ann.listJobs()).map(({ job }) => job);
  const all = (await root.listJobs()).map(({ job }) => job);
  expect(mine.length).toBe(2);
  const foreign = all.find((job) => !mine.includes(job))!;
  await expect(ann.getJob(foreign)).rejects.toMatchObject(denied);
  await expect(ann.cancelJob(foreign)).rejects.toMatchObject(denied);
  expect((await root.getJob(mine[0]!)).job).toBe(mine[0]);
});

test('B8: paths and endpoints are told to who may see them', async () => {
  const uri = `file://${store}`;
  expect(await root.reverseResolve(`${uri}/closed/f`)).toBe('/m/closed/f');
  await expect(ann.reverseResolve(`${uri}/closed/f`)).rejects.toMatchObject(denied);
  expect(await ann.reverseResolve(`${uri}/open/f`)).toBe('/m/open/f');
  const optionsOf = async (client: OrchardClient) =>
    (await client.getMountTable()).find(({ path }) => path === '/m')?.options;
  expect(await optionsOf(root)).toMatchObject({ timeoutMs: '9000' });
  expect(await optionsOf(ann)).toEqual({});
});

test('B25: the command line says what is missing and what to do', () => {
  const run = (...args: string[]): string => {
    const entry = new URL('../../../dist/src/cli/main.js', import.meta.url).pathname;
    const env = { ...process.env, ...master.environment, ORCHARD_USER: 'ann' };
    try {
      return execFileSync(process.execPath, [entry, ...args], { env, stdio: 'pipe' }).toString();
    } catch (error) {
      return String((error as { stderr: Buffer }).stderr);
    }
  };
  expect(run('admin', 'locks')).toMatch(/PERMISSION_DENIED: .*ann .*super.* Try: /);
  expect(run('admin', 'jobs', '1')).toMatch(/PERMISSION_DENIED: .*job 1 .* Try: /);
});

test('B3: a thousand questions about the journal cost no more than a few', async () => {
  const before = residentBytes();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, residentBytes());
  }, 20);
  const flood = await WireClient.greeted(master.rpcPort, 'root');
  for (let call = 2; call < 2 + CALLS; call++) {
    flood.send(encodeRequest(call, 'GetJournalInfo', new GetJournalInfoT()));
  }
  await ann.getStatus('/m/open', { deadlineMs: 10_000 });
  await expect(ann.report({ deadlineMs: 30_000 })).resolves.toBeDefined();
  await flood.until(() => flood.replies.length === 1 + CALLS);
  clearInterval(watch);
  const codes = flood.replies.map(({ code }) => code);
  expect(new Set(codes)).toEqual(new Set([Code.OK, Code.RESOURCE_EXHAUSTED]));
  // Hello, one in the lane and 64 behind it, and whom they made room for meanwhile.
  expect(codes.filter((code) => code === Code.OK).length).toBeGreaterThanOrEqual(66);
  flood.destroy();
  expect(most - before).toBeLessThan(GROWTH_BYTES_MAX);
}, 60_000);
