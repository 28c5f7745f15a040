/**
 * A15, B14: what a killed master leaves in an S3 is ended by its next life, and nothing of others.
 * Method: a real master is killed in the middle of a large PUT; a fake S3 tells what it was asked.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { MasterProcess } from '../../cli/master-process.js';
import {
  type Asked,
  contents,
  type FakeS3,
  isList,
  listXml,
  startFakeS3,
} from '../../support/fake-s3.js';

let master: MasterProcess;
let fake: FakeS3;
afterEach(async () => {
  await master.remove();
  await fake.close();
});

const PART_BYTES = 8 * 1024 * 1024;

/** Begins uploads and takes their parts; knows one of a stranger, of the same key, too. */
function answer({ method, query }: Asked) {
  if (method === 'HEAD') return { status: 404 };
  if (query.has('uploads') && method === 'POST') {
    const result = '<Bucket>bucket</Bucket><Key>in/large</Key><UploadId>ours</UploadId>';
    return { body: `<InitiateMultipartUploadResult>${result}</InitiateMultipartUploadResult>` };
  }
  if (method === 'PUT') return { headers: { etag: '"e"' } };
  if (method === 'DELETE') return { status: 204 };
  return { body: listXml(query.get('prefix') === 'in/' ? contents('in/here') : '') };
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (isSo()) return;
    await sleep(100);
  }
  throw new Error(`${what} did not come`);
}

test('A15, B14: an upload that a kill cut off is ended by the next life', async () => {
  fake = await startFakeS3(answer);
  // Looks for leftovers come soon.
  const soon = { ORCHARD_WRITE_LEASE: '4s', ORCHARD_CLOCK_SETTLE: '0s' };
  master = await MasterProcess.create(soon);
  await master.start();
  const client = await master.connect();
  await client.mount('/m', 's3://bucket/in', { options: fake.options });
  await client.close();
  const asked = (method: string, name: string): readonly Asked[] =>
    fake.asked.filter((one) => one.method === method && one.query.has(name));
  const url = `http://127.0.0.1:${master.httpPort}/v1/data/m/large`;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(PART_BYTES + 1)),
  });
  const put = fetch(url, {
    method: 'PUT',
    body,
    duplex: 'half',
    headers: { 'x-orchard-user': 'root' },
  } as RequestInit).catch((error: unknown) => error);
  await until(() => asked('PUT', 'partNumber').length > 0, 'a part');
  await master.stop('SIGKILL');
  await put;
  expect(asked('DELETE', 'uploadId')).toEqual([]);
  await master.start();
  await until(() => asked('DELETE', 'uploadId').length > 0, 'the end of the upload');
  const ended = asked('DELETE', 'uploadId');
  expect(ended.map(({ key, query }) => [key, query.get('uploadId')])).toEqual([
    ['in/large', 'ours'],
  ]);
  const left = join(master.directory, 'data', 'uploads', 'left');
  await until(() => readdirSync(left).length === 0, 'the end of its note');
  expect(fake.asked.filter((one) => isList(one) && one.query.has('uploads'))).toEqual([]);
}, 120_000);
