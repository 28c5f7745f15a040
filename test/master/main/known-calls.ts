/**
 * Known calls to one real master, for metrics.test.ts: over the client, raw sockets and the HTTP
 * port, with a store that can be made to hang and a bug that can be met; one look at the figures
 * behind a create, one while calls wait for the store, and one when all is over.
 */
import { mkdtemp, readdir, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OrchardClient } from '../../../src/client/index.js';
import { BUCKET_BOUNDS } from '../../../src/wire/call-counters.js';
import { GetStatusT, OpenSessionT } from '../../../src/wire/generated/index.js';
import { MasterProcess } from '../../cli/master-process.js';
import { Opcode, WireClient } from '../../net/wire-client.js';
import { encodeRequest } from '../../wire/samples.js';
import { Scrape } from './scrape.js';

/** More than the retry window keeps answers, and than tier 1 has slots. */
export const MANY = 1100;
export const ANSWERS_KEPT = 1024;
export const TWINS = 50;
export const PROBES = 10;
/** 64 KiB of tier 1 in sets of sixteen. */
export const SLOTS = 400;
export const HANG_SECONDS_MIN = BUCKET_BOUNDS.find((bound) => bound > 0.03)!;

let master: MasterProcess;
let client: OrchardClient;
let directory: string;
let hanging: Server;
let storeIs: 'well' | 'hanging' | 'refusing' = 'well';

/** What the calls have left to compare with. */
export const known = {
  /** By "operation CODE". */
  calls: {} as Record<string, number>,
  /** Just behind a create, of so many. */
  busy: new Scrape(''),
  busyFiles: 0,
  /** While calls wait for a store. */
  during: new Scrape(''),
  /** Just before the last calls, whose bytes are known. */
  beforeProbe: new Scrape(''),
  /** When all is over. */
  after: new Scrape(''),
  probed: { sentBytes: 0, receivedBytes: 0 },
  onDisk: { segments: 0, bytes: 0, freeBytes: 0 },
  elapsedSeconds: 0,
};
const { calls, probed, onDisk } = known;

function count(call: string, times = 1): void {
  calls[call] = (calls[call] ?? 0) + times;
}

/** Waits for the answer and counts it as what it is. */
async function called<T>(operation: string, answer: Promise<T>): Promise<T | undefined> {
  try {
    const value = await answer;
    count(`${operation} OK`);
    return value;
  } catch (error) {
    count(`${operation} ${(error as { code: string }).code}`);
    return undefined;
  }
}

const url = (path: string): string => `http://127.0.0.1:${master.httpPort}${path}`;

async function scrape(): Promise<Scrape> {
  return new Scrape(await (await fetch(url('/metrics'))).text());
}

/** The first that is so; the last when none is in time, and its row fails. */
async function scrapeUntil(isSo: (at: Scrape) => boolean): Promise<Scrape> {
  for (let looks = 0; ; looks++) {
    const at = await scrape();
    if (isSo(at) || looks === 400) return at;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function transfer(operation: string, code: string, path: string, init: RequestInit) {
  const headers = { 'x-orchard-user': 'root', ...init.headers };
  const response = await fetch(url(path), { ...init, headers });
  await response.arrayBuffer();
  count(`${operation} ${code}`);
}

export async function makeKnownCalls(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'orchard-metrics-'));
  await writeFile(join(directory, 'a'), 'abc');
  await symlink(join(directory, 'nothing'), join(directory, 'lost'));
  hanging = createServer((_request, response) => {
    if (storeIs === 'well') response.end('<ListBucketResult></ListBucketResult>');
    if (storeIs === 'refusing') response.writeHead(403).end();
  });
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  master = await MasterProcess.create({
    NODE_OPTIONS: `--import=${fileURLToPath(new URL('./shard-bug.mjs', import.meta.url))}`,
    ORCHARD_TEST_BUG: 'handler',
    ORCHARD_TIER1_BYTES: '64KiB',
    ORCHARD_RETRY_CACHE_ENTRIES: String(ANSWERS_KEPT),
    ORCHARD_SESSIONS_PER_CONNECTION_MAX: '1',
    ORCHARD_LOCAL_ROOTS: directory,
    ORCHARD_FLUSH_INTERVAL: '500ms',
  });
  const began = performance.now();
  await master.start();
  client = await master.connect();
  count('hello OK');
  await changeNames();
  await useStores();
  await useDataPort();
  await misbehave();
  await createMany();
  await waitForStore();
  await probe();
  await lookAtDisk();
  known.elapsedSeconds = (performance.now() - began) / 1000;
}

export async function removeMaster(): Promise<void> {
  await client?.close();
  await master?.remove();
  hanging?.closeAllConnections();
  hanging?.close();
  await rm(directory, { recursive: true, force: true });
}

async function changeNames(): Promise<void> {
  for (let i = 0; i < 3; i++) await called('ping', client.ping());
  await called('createDirectory', client.createDirectory('/d'));
  for (let i = 0; i < 10; i++) await called('createFile', client.createFile(`/d/f${i}`));
  await called('createFile', client.createFile('/d/f0'));
  for (let i = 0; i < 5; i++) await called('getStatus', client.getStatus('/d/f0'));
  for (let i = 0; i < 2; i++) await called('getStatus', client.getStatus('/d/none'));
  await called('rename', client.rename('/d/f0', '/d/g'));
  await called('delete', client.delete('/d/f1'));
  await called('createDirectory', client.createDirectory('/d/sub'));
  await called('createFile', client.createFile('/d/sub/x'));
  await called('delete', client.delete('/d/sub', { recursive: true }));
  await called('getFilePath', client.getFilePath(1));
}

async function useStores(): Promise<void> {
  await called('mount', client.mount('/m', `file://${directory}`));
  await called('load', client.load('/m'));
  const looks = [client.verify({ retry: false }), client.verify({ retry: false })];
  await Promise.all(looks.map((look) => called('inspect', look)));
}

async function useDataPort(): Promise<void> {
  await transfer('dataPut', 'OK', '/v1/data/m/b', { method: 'PUT', body: 'hello' });
  await transfer('dataGet', 'OK', '/v1/data/m/b', {});
  await transfer('dataGet', 'OK', '/v1/data/m/b', { headers: { range: 'bytes=0-1' } });
  await transfer('dataHead', 'OK', '/v1/data/m/b', { method: 'HEAD' });
  await transfer('dataGet', 'NOT_FOUND', '/v1/data/m/none', {});
  await transfer('dataDelete', 'OK', '/v1/data/m/b', { method: 'DELETE' });
  await transfer('unreadable', 'NOT_FOUND', '/none', {});
}

async function misbehave(): Promise<void> {
  const raw = await WireClient.greeted(master.rpcPort, 'root');
  count('hello OK');
  raw.send(new Uint8Array(32));
  count('unreadable INVALID_ARGUMENT');
  raw.send(new TextEncoder().encode('text'), Opcode.TEXT);
  await raw.untilClosed();
}

/** In one directory, and some names twice at once. */
async function createMany(): Promise<void> {
  await called('createDirectory', client.createDirectory('/many'));
  const names = Array.from({ length: MANY }, (_, i) => `/many/${i}`);
  await Promise.all(names.map((name) => called('createFile', client.createFile(name))));
  // A flush may come in between, but not after each.
  while (!(known.busy.value('orchard_tier1_dirty_slots') > 0) && known.busyFiles < 100) {
    await called('createFile', client.createFile(`/busy${known.busyFiles++}`));
    known.busy = await scrape();
  }
  for (let i = 0; i < TWINS; i++) {
    const twins = [client.createFile(`/twin${i}`), client.createFile(`/twin${i}`)];
    await Promise.all(twins.map((twin) => called('createFile', twin)));
  }
  await Promise.all(names.map((name) => called('getStatus', client.getStatus(name))));
}

/** One call and one job wait for a store that hangs; then it is gone. */
async function waitForStore(): Promise<void> {
  const { port } = hanging.address() as AddressInfo;
  const options = { endpoint: `http://127.0.0.1:${port}`, anonymous: 'true', timeoutMs: '60000' };
  await called('mount', client.mount('/s', 's3://bucket', { options }));
  const raw = await WireClient.greeted(master.rpcPort, 'root');
  count('hello OK');
  for (const session of [1, 2]) {
    const opening = new OpenSessionT(session, 7, 'ann', [], 'test');
    raw.send(encodeRequest(session + 1, 'OpenSession', opening));
  }
  await raw.reply(3);
  count('openSession OK');
  count('openSession FAILED_PRECONDITION');
  storeIs = 'hanging';
  const job = await called('load', client.load('/s', { detach: true }));
  const waiting = called('getStatus', client.getStatus('/s/late', { retry: false }));
  known.during = await scrapeUntil((at) => at.value('orchard_calls_parked') === 1);
  await called('cancelJob', client.cancelJob(job!.job));
  await new Promise((resolve) => setTimeout(resolve, HANG_SECONDS_MIN * 1000));
  storeIs = 'refusing';
  hanging.closeAllConnections();
  await waiting;
  raw.destroy();
}

const isAtRest = (at: Scrape): boolean =>
  at.value('orchard_flushed_seq') === at.value('orchard_journal_seq') &&
  at.value('orchard_sessions') === 0 &&
  at.value('orchard_jobs', { state: 'running' }) === 0;

/** The last calls: so many of one path, in frames whose length is known. */
async function probe(): Promise<void> {
  const raw = await WireClient.greeted(master.rpcPort, 'root');
  count('hello OK');
  await called('getStatus', client.getStatus('/d/g'));
  known.beforeProbe = await scrapeUntil(isAtRest);
  let answers = 0;
  raw.onFrame = ({ length }) => {
    answers++;
    probed.receivedBytes += length;
  };
  for (let i = 0; i < PROBES; i++) {
    const asked = encodeRequest(100 + i, 'GetStatus', new GetStatusT('/d/g'));
    probed.sentBytes += asked.length;
    raw.send(asked);
  }
  await raw.until(() => answers === PROBES);
  count('getStatus OK', PROBES);
  known.after = await scrape();
  raw.destroy();
}

async function lookAtDisk(): Promise<void> {
  const journal = join(master.directory, 'data', 'journal');
  for (const name of await readdir(journal)) {
    const { size } = await stat(join(journal, name));
    if (size < 1 << 20) continue;
    onDisk.bytes += size;
    if (!name.startsWith('spare')) onDisk.segments++;
  }
  const { bavail, bsize } = await statfs(journal);
  onDisk.freeBytes = bavail * bsize;
}

/** Changes whose answers are remembered: all that were done by the client. */
export function writes(): number {
  const operations = ['createDirectory', 'createFile', 'rename', 'delete', 'mount'];
  return operations.reduce((sum, operation) => sum + (calls[`${operation} OK`] ?? 0), 0);
}
