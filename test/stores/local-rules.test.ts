/** What a mount may reach on the machine of the master, with real directories and links. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Code } from '../../src/base/status.js';
import { openUfs, type StoreRules } from '../../src/stores/registry.js';

let root: string;
let rules: StoreRules;
const at = (name: string): string => join(root, name);

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'orchard-rules-')));
  for (const name of ['data/journal', 'data/meta', 'data/ufs/x', 'store', '.ssh/in']) {
    mkdirSync(at(name), { recursive: true });
  }
  symlinkSync(at('data/journal'), at('link'));
  const own = [at('data'), at('data/journal'), at('data/meta'), at('data/backups')];
  const local = { own, fileData: at('data/ufs'), roots: [], rootStore: undefined, home: homedir() };
  rules = { local, environmentNames: ['AWS_*', 'KEY'] };
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function look(path: string, given = rules): Promise<unknown> {
  const store = await openUfs(`file://${path}`, {}, {}, { rules: given });
  try {
    return await store.stat('', new AbortController().signal);
  } finally {
    await store.close();
  }
}

const refused = (path: string, given = rules) =>
  expect(look(path, given), path).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });

test('B5: the own data directory is no store, nor what is below or above it', async () => {
  for (const name of ['data', 'data/journal', 'data/meta', 'link', '']) await refused(at(name));
  expect(await look(at('data/ufs'))).toMatchObject({ type: 'directory' });
  expect(await look(at('store'))).toMatchObject({ type: 'directory' });
});

test('B5: no kernel file system, system folder, home or hidden directory', async () => {
  for (const path of ['/proc', '/proc/self', '/sys', '/dev', '/etc', homedir(), '/']) {
    await refused(path);
  }
  await refused(at('.ssh/in'));
  const named = { ...rules, local: { ...rules.local, roots: [at('.ssh')] } };
  expect(await look(at('.ssh/in'), named)).toMatchObject({ type: 'directory' });
  await refused(at('store'), named);
  await refused('/proc', { ...rules, local: { ...rules.local, roots: ['/'] } });
});

test('B5: a link that is turned to another place is looked at again', async () => {
  symlinkSync(at('store'), at('turned'));
  const store = await openUfs(`file://${at('turned')}`, {}, {}, { rules });
  const { signal } = new AbortController();
  expect(await store.stat('', signal)).toMatchObject({ type: 'directory' });
  unlinkSync(at('turned'));
  symlinkSync(at('data/meta'), at('turned'));
  await expect(store.stat('', signal)).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
  await expect(store.stat('x', signal)).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
  await store.close();
});

test('B5: options name only variables of the allow list', async () => {
  const open = (name: string) =>
    openUfs(
      's3://bucket',
      { accessKeyId: `env:${name}`, secretAccessKey: 'env:KEY' },
      { [name]: 'a', KEY: 'b' },
      { rules },
    );
  await expect(open('HOME')).rejects.toMatchObject({
    code: Code.PERMISSION_DENIED,
    message: expect.stringContaining('ORCHARD_MOUNT_ENV'),
  });
  await (await open('AWS_ID')).close();
});
