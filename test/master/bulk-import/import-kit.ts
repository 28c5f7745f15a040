/**
 * Data directories for tests of the import: a real master has run over them once, has mounted a
 * local store at /m, and has stopped. And the command in a process of its own.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { type FileStatus, OrchardClient } from '../../../src/client/index.js';
import { MasterProcess } from '../../cli/master-process.js';
import { type S3Server, startS3Server } from '../../support/s3-server.js';

const entry = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));

const BUCKET = 'shelf';
/** Names on both sides of "/", in two scripts, and one outside of what is mounted. */
const s3Keys = [
  'lib/a-1',
  'lib/a.txt',
  'lib/a/x',
  'lib/a/x-1/y',
  'lib/a/x z',
  'lib/b/c/d/e',
  'lib/ä/ö+ü',
  'lib/empty/',
  'other/f',
];

const s3Client = (endpoint: string): S3Client =>
  new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  });

export type Ran = { readonly status: number | null; readonly out: string; readonly err: string };

export class ImportKit {
  readonly root = mkdtempSync(join(tmpdir(), 'orchard-import-'));
  readonly store = join(this.root, 'store');
  #s3: S3Server | undefined;
  #template: MasterProcess | undefined;
  readonly #masters: MasterProcess[] = [];

  async prepare(): Promise<void> {
    mkdirSync(this.store);
    writeFileSync(join(this.store, 'old'), 'x');
    const master = await MasterProcess.create();
    this.#template = master;
    await master.start();
    const client = await master.connect();
    await client.mount('/m', `file://${this.store}`);
    this.#s3 = await startS3Server({ buckets: [BUCKET] });
    await this.#fill(this.#s3.endpoint);
    await client.mount('/s', `s3://${BUCKET}/lib`, { options: this.#s3.options });
    // Newer than the mounts, with children; and a name that the store has and the namespace not.
    await client.createDirectory('/b/c', { recursive: true });
    await client.delete('/m/old');
    await client.close();
    await master.stop();
  }

  /** A data directory of its own, and a master over it that does not run yet. */
  async fresh(): Promise<MasterProcess> {
    const master = await MasterProcess.create();
    this.#masters.push(master);
    cpSync(join(this.#template!.directory, 'data'), join(master.directory, 'data'), {
      recursive: true,
    });
    return master;
  }

  /** orchard admin import …, to its end or until `kill` is called. */
  import(
    master: MasterProcess,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { readonly ran: Promise<Ran>; readonly kill: () => void } {
    const child = spawn(process.execPath, [entry, 'admin', 'import', '--json', ...args], {
      env: {
        PATH: process.env['PATH'],
        ORCHARD_DATA_DIR: join(master.directory, 'data'),
        ORCHARD_SUPERUSER: 'root',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    const ran = new Promise<Ran>((resolve) =>
      child.on('close', (status) => resolve({ status, out, err })),
    );
    return { ran, kill: () => child.kill('SIGKILL') };
  }

  /** What the bucket holds, as S3 Inventory would tell it. */
  async inventory(): Promise<string> {
    const { Contents = [] } = await s3Client(this.#s3!.endpoint).send(
      new ListObjectsV2Command({ Bucket: BUCKET }),
    );
    const rows = Contents.map(({ Key, Size, LastModified, ETag }) => {
      const key = encodeURIComponent(Key!).replaceAll('%2F', '/').replaceAll('%20', '+');
      const etag = ETag!.replaceAll('"', '');
      return `"${BUCKET}","${key}","${Size}","${LastModified!.toISOString()}","${etag}"\n`;
    });
    return rows.join('');
  }

  async #fill(endpoint: string): Promise<void> {
    const client = s3Client(endpoint);
    for (const key of s3Keys) {
      const Body = key.endsWith('/') ? '' : `of ${key}`;
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body }));
    }
  }

  async remove(): Promise<void> {
    await this.#s3?.close();
    await Promise.all([...this.#masters, this.#template].map((master) => master?.remove()));
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What the namespace says of everything below a path, but for when it got to know of it. */
export async function treeAt(
  master: MasterProcess,
  path: string,
  { load = false } = {},
): Promise<Record<string, unknown>> {
  await master.start();
  const client = await OrchardClient.connect({ port: master.rpcPort, user: 'root' });
  if (load) await client.load(path, { descendants: 'all' });
  const tree: Record<string, unknown> = {};
  for await (const status of client.list(path, { recursive: true })) {
    tree[status.path] = comparable(status);
  }
  const { findings } = await client.verify();
  expect(findings).toEqual([]);
  await client.close();
  expect(await master.stop()).toBe(0);
  return tree;
}

function comparable(status: FileStatus): Partial<FileStatus> {
  const { id: _, parentId: _p, ctimeMs: _c, seq: _s, mtimeMs, ...rest } = status;
  // Object stores know no times of directories: that of the import or of the load.
  return status.type === 'file' ? { ...rest, mtimeMs } : rest;
}
