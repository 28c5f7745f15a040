/**
 * Step: an S3 server on loopback, in this process, with a bucket filled from the tree through the
 * AWS
 * SDK. Bounded in number and size of objects: it is the bucket that counts, not the upload.
 */
import { opendir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Demo, timed } from '../demo.js';
import { startS3Server } from '../s3-server.js';
import { bytesText, countText, rateText, spanText } from '../screen.js';

export const BUCKET = 'code';
const OBJECTS_MAX = 3_000;
const OBJECT_BYTES_MAX = 64 * 1024;
const UPLOADS_AT_A_TIME = 16;

export async function fillBucket(demo: Demo): Promise<void> {
  const { screen, place } = demo;
  screen.step('An S3 bucket on loopback, filled from that tree');
  demo.s3 = await startS3Server({ buckets: [BUCKET], directory: place.s3Dir });
  const files = await someFiles(place.tree);
  const { value: bytes, ms } = await timed(() => upload(demo, files));
  screen.fact(
    `${countText(files.length)} objects, ${bytesText(bytes)}, put into s3://${BUCKET} ` +
      `in ${spanText(ms)} (${rateText(files.length, ms)})`,
  );
  screen.fact(`the first files of at most ${bytesText(OBJECT_BYTES_MAX)} each, to save your time`);
}

/** Paths relative to the tree. */
async function someFiles(tree: string): Promise<string[]> {
  const files: string[] = [];
  const directories = [tree];
  for (let directory = directories.shift(); directory !== undefined; ) {
    for await (const entry of await opendir(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) directories.push(path);
      else if (entry.isFile() && (await stat(path)).size <= OBJECT_BYTES_MAX) {
        files.push(relative(tree, path));
        if (files.length === OBJECTS_MAX) return files;
      }
    }
    directory = directories.shift();
  }
  return files;
}

/** How many bytes there were. */
async function upload({ screen, place, s3 }: Demo, files: readonly string[]): Promise<number> {
  const { accessKeyId = '', secretAccessKey = '' } = s3.options;
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const progress = screen.progress('uploading');
  let next = 0;
  let done = 0;
  let bytes = 0;
  const lane = async (): Promise<void> => {
    for (let file = files[next++]; file !== undefined; file = files[next++]) {
      const body = await readFile(join(place.tree, file));
      const key = file.split(sep).join('/');
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
      bytes += body.length;
      progress.update(++done, files.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: UPLOADS_AT_A_TIME }, lane));
  } finally {
    progress.stop();
    client.destroy();
  }
  return bytes;
}
