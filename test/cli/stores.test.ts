/**
 * Stores as an administrator meets them: a real master with what it may mount in its environment,
 * and the command line over the network. Tests are named after their cases.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OrchardClient } from '../../src/client/index.js';
import {
  type Answer,
  type Asked,
  contents,
  errorXml,
  type FakeS3,
  isList,
  listXml,
  startFakeS3,
} from '../support/fake-s3.js';
import type { FakeClient } from './fake-client.js';
import { MasterProcess } from './master-process.js';
import { run } from './run.js';

const SECRET = 'a-secret-of-nobody';
const root = realpathSync(mkdtempSync(join(tmpdir(), 'orchard-roots-')));
const allowed = join(root, 'allowed');
const other = join(root, 'other');
let answer: (asked: Asked) => Answer = () => ({ body: listXml('') });
let fake: FakeS3;
let master: MasterProcess;

beforeAll(async () => {
  for (const at of [join(allowed, 'a', 'd'), other]) mkdirSync(at, { recursive: true });
  symlinkSync(other, join(allowed, 'link'));
  for (const name of ['grown', 'lost', 'd/f']) writeFileSync(join(allowed, 'a', name), name);
  fake = await startFakeS3((asked) => answer(asked));
  master = await MasterProcess.create({
    ORCHARD_LOCAL_ROOTS: allowed,
    ORCHARD_MOUNT_ENV: 'SHELF_*',
    SHELF_KEY: 'SHELFKEY',
    SHELF_SECRET: SECRET,
    SHELF_BROKEN: `${SECRET}\n`,
    VAULT_SECRET: SECRET,
  });
  await master.start();
}, 60_000);

afterAll(async () => {
  await master.remove();
  await fake.close();
  rmSync(root, { recursive: true });
});

const orchard = (...line: string[]) =>
  run(undefined as unknown as FakeClient, line, {
    env: master.environment,
    connect: (options) => OrchardClient.connect(options),
  });

const mountS3 = (at: string, secret: string, key = 'env:SHELF_KEY') => {
  const options = { endpoint: fake.endpoint, accessKeyId: key, secretAccessKey: secret };
  const given = Object.entries(options).flatMap(([name, value]) => [
    '--option',
    `${name}=${value}`,
  ]);
  return orchard('mount', ...given, at, 's3://bucket');
};

test('B5: local directories are mounted below ORCHARD_LOCAL_ROOTS only', async () => {
  expect((await orchard('mount', '/m', `file://${join(allowed, 'a')}`)).err).toBe('');
  for (const place of [other, root, join(allowed, 'link'), '/etc', '/proc', master.directory]) {
    const { status, err } = await orchard('mount', '/no', `file://${place}`);
    expect({ status, err }, place).toMatchObject({ status: 1 });
    expect(err, place).toMatch(/PERMISSION_DENIED|INVALID_ARGUMENT/);
  }
  const { err } = await orchard('mount', '/no', `file://${other}`);
  expect(err).toContain('is not below ORCHARD_LOCAL_ROOTS. Try: ');
  expect((await orchard('ls', '-C', '/')).out).toBe('/m\n');
});

test('B5: options name what ORCHARD_MOUNT_ENV lists; nothing else is sent', async () => {
  const before = fake.asked.length;
  for (const [key, secret] of [
    ['env:SHELF_KEY', 'env:VAULT_SECRET'],
    ['env:VAULT_SECRET', 'env:SHELF_SECRET'],
    ['env:PATH', 'env:SHELF_SECRET'],
  ] as const) {
    const { status, err } = await mountS3('/no', secret, key);
    expect(status).toBe(1);
    expect(err).toMatch(/PERMISSION_DENIED: .*is not in ORCHARD_MOUNT_ENV. Try: add/i);
  }
  expect(fake.asked.length).toBe(before);
  expect((await mountS3('/s', 'env:SHELF_SECRET')).err).toBe('');
  const { headers } = fake.asked.at(-1)!;
  expect(headers.authorization).toContain('Credential=SHELFKEY/');
  expect((await orchard('unmount', '/s')).status).toBe(0);
});

test('18: a secret that ends in a newline is refused at once, by its option', async () => {
  const before = fake.asked.length;
  const { status, err } = await mountS3('/no', 'env:SHELF_BROKEN');
  expect(status).toBe(1);
  expect(err).toContain('secretAccessKey');
  expect(err).not.toContain(SECRET);
  expect(fake.asked.length).toBe(before);
});

test('11: an endpoint that is a console is no store: its mount is refused', async () => {
  const html = { 'content-type': 'text/html' };
  answer = () => ({ body: '<!doctype html><html>Login</html>', headers: html });
  const { status, err } = await mountS3('/no', 'env:SHELF_SECRET');
  expect(status).toBe(1);
  expect(err).toMatch(/FAILED_PRECONDITION: .*Try: /);
  expect((await orchard('ls', '-C', '/')).out).toBe('/m\n');
});

test('25: ls -f and load -R show what the store has now', async () => {
  expect((await orchard('ls', '-R', '-C', '/m')).out).toBe('/m/d\n/m/d/f\n/m/grown\n/m/lost\n');
  writeFileSync(join(allowed, 'a', 'grown'), 'and more');
  rmSync(join(allowed, 'a', 'lost'));
  rmSync(join(allowed, 'a', 'd'), { recursive: true });
  writeFileSync(join(allowed, 'a', 'd'), 'a file');
  expect((await orchard('ls', '-C', '/m')).out).toBe('/m/d\n/m/grown\n/m/lost\n');
  expect((await orchard('ls', '-f', '-C', '/m')).out).toBe('/m/d\n/m/grown\n');
  expect((await orchard('cat', '/m/d', '/m/grown')).out).toBe('a fileand more');
  rmSync(join(allowed, 'a', 'd'));
  const { out } = await orchard('load', '-R', '/m');
  expect(out).toMatch(/^Loaded 1 entries below \/m in .*, 1 gone from the store$/m);
  expect((await orchard('admin', 'verify')).status).toBe(0);
});

test('13: load -R and ls --skipped tell what is left out, and what failed', async () => {
  answer = (asked) => {
    const prefix = asked.query.get('prefix');
    if (!isList(asked)) return { status: 404 };
    if (prefix === 'no/') return { status: 403, body: errorXml('AccessDenied') };
    if (prefix !== '') return { body: listXml(contents(`${prefix}f`)) };
    const prefixes = ['/', 'no/', 'ok/'].map(
      (one) => `<CommonPrefixes><Prefix>${one}</Prefix></CommonPrefixes>`,
    );
    return { body: listXml(`${contents('odd', { size: '-1' })}${prefixes.join('')}`) };
  };
  expect((await mountS3('/s', 'env:SHELF_SECRET')).err).toBe('');
  const load = await orchard('load', '-R', '--json', '/s');
  expect(load.status).toBe(1);
  expect(JSON.parse(load.out)).toMatchObject({
    failed: 1,
    failedByCode: { PERMISSION_DENIED: 1 },
    failures: [{ path: '/s/no', code: 'PERMISSION_DENIED' }],
    skipped: { count: 2, reasons: { name: 1, size: 1 } },
  });
  const skipped = await orchard('ls', '--skipped', '/s');
  expect(skipped.out.split('\n').sort()).toEqual([
    '',
    '/s//: the namespace cannot hold the name',
    '/s/odd: no length that a file can have',
  ]);
  const metrics = await (await fetch(`http://127.0.0.1:${master.httpPort}/metrics`)).text();
  expect(metrics).toMatch(/^orchard_store_entries_skipped_total\{reason="size"\} [1-9]/m);
});
