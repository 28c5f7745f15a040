/** Every store that the contract must hold for, as a fresh empty root, one at a time. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { openUfs } from '../../src/stores/registry.js';
import type { Ufs } from '../../src/stores/ufs.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';

export type StoreUnderTest = { readonly kind: string; open(): Promise<Ufs> };

export function forEachStore(title: string, body: (store: StoreUnderTest) => void): void {
  describe(`${title} [local]`, () => {
    let parent = '';
    let count = 0;
    beforeAll(async () => {
      parent = await mkdtemp(join(tmpdir(), 'orchard-ufs-'));
    });
    afterAll(() => rm(parent, { recursive: true, force: true }));
    body({
      kind: 'local',
      open: async () => {
        const root = join(parent, `root ${++count}`);
        await mkdir(root);
        return openUfs(`file://${root}`);
      },
    });
  });

  for (const pageKeyCountMax of [1000, 7]) {
    describe(`${title} [s3, ${pageKeyCountMax} keys a page]`, () => {
      let server: S3Server | undefined;
      let count = 0;
      beforeAll(async () => {
        server = await startS3Server({ buckets: ['bucket'], pageKeyCountMax });
      });
      afterAll(() => server?.close());
      body({
        kind: 's3',
        open: async () => openUfs(`s3://bucket/prefix ${++count}`, server!.options),
      });
    });
  }
}

export const signal = (): AbortSignal => new AbortController().signal;

export async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

export async function readAll(
  ufs: Ufs,
  path: string,
  range: { offset?: number; length?: number; expect?: number } = {},
): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await ufs.read(path, { ...range, signal: signal() })) parts.push(part);
  return Buffer.concat(parts);
}

/** All pages of a directory. */
export async function listAll(ufs: Ufs, dirPath: string, limit: number) {
  const entries = [];
  let pageCount = 0;
  let startAfter: string | undefined;
  do {
    const page = await ufs.list(dirPath, { startAfter, limit, signal: signal() });
    if (page.entries.length > limit) throw new Error('a page is longer than its limit');
    entries.push(...page.entries);
    startAfter = page.nextStartAfter;
    pageCount++;
  } while (startAfter !== undefined);
  return { entries, pageCount };
}
