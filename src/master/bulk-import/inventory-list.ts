/**
 * The manifest.json of an S3 Inventory report: its files, and the meaning of their columns. It
 * looks for the files where tools that copy a report put them.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { Code, StatusError } from '../../base/status.js';
import { explainFile, inspectManifest, type ManifestFile } from './manifest-file.js';

/** Some 200 bytes for each file of a report. */
const LIST_BYTES_MAX = 64 << 20;
const BRACE = 0x7b;

const listSchema = z.object({
  sourceBucket: z.string().min(1),
  destinationBucket: z.optional(z.string()),
  fileFormat: z.string(),
  fileSchema: z.string(),
  files: z
    .array(
      z.object({
        key: z.string().min(1),
        size: z.int().min(0),
        MD5checksum: z.optional(z.string().regex(/^[0-9a-fA-F]{32}$/)),
      }),
    )
    .min(1),
});
type Listed = z.output<typeof listSchema>;

export type InventoryList = {
  readonly bucket: string;
  /** Names of the columns, with commas between them. */
  readonly columns: string;
  readonly files: readonly ManifestFile[];
};

/** Undefined if the file is not a JSON object: then it is a list itself. */
export async function readInventoryList(file: ManifestFile): Promise<InventoryList | undefined> {
  const list = await jsonOf(file);
  if (list === undefined) return undefined;
  const { path } = file;
  const { data } = listSchema.safeParse(list);
  if (data === undefined) throw unknown(path);
  if (data.fileFormat !== 'CSV') throw otherFormat(path, data.fileFormat);
  const files: ManifestFile[] = [];
  // One after the other: each is read completely for its checksum.
  for (const one of data.files) files.push(await foundFile(path, data, one));
  return { bucket: data.sourceBucket, columns: data.fileSchema, files };
}

async function jsonOf({ path, head, size, isZipped, textAt }: ManifestFile): Promise<unknown> {
  if (isZipped || head[0] !== BRACE || size > LIST_BYTES_MAX) return undefined;
  try {
    return JSON.parse((await readFile(path)).toString('utf8', textAt));
  } catch (error) {
    // It is a list of paths that begin with a brace.
    if (error instanceof SyntaxError) return undefined;
    throw explainFile(error, path);
  }
}

async function foundFile(
  list: string,
  { destinationBucket }: Listed,
  { key, size, MD5checksum: md5 }: Listed['files'][number],
): Promise<ManifestFile> {
  const path = placesOf(list, key).find((place) => existsSync(place));
  if (path === undefined) throw notHere(list, key, destinationBucket);
  const file = await inspectManifest(path);
  if (file.size !== size) throw differs(path, `${file.size} bytes and not ${size}`);
  if (md5 === undefined) return file;
  const sum = await md5Of(path);
  if (sum !== md5.toLowerCase()) throw differs(path, `the MD5 sum ${sum} and not ${md5}`);
  return file;
}

/** Beside the list, or as the report lies in its bucket: <time>/manifest.json and data/<file>. */
function placesOf(list: string, key: string): string[] {
  const at = dirname(list);
  const name = basename(key);
  const below = [join(at, name), join(at, 'data', name), join(at, '..', 'data', name)];
  return key.split('/').includes('..') ? below : [...below, join(at, key)];
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
    }
  } catch (error) {
    throw explainFile(error, path);
  }
  return hash.digest('hex');
}

const unknown = (path: string): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `${path} is JSON, but no list of an S3 Inventory.`, {
    path,
    hint: 'Give the manifest.json of a report, or its CSV files.',
  });

const otherFormat = (path: string, format: string): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `The report of ${path} is in ${format}, not in CSV.`, {
    path,
    hint: 'Configure the inventory as CSV: the next report can be imported.',
  });

function notHere(path: string, key: string, destination: string | undefined): StatusError {
  const bucket = destination?.replace(/^arn:[^/]*:/, '') ?? '<bucket>';
  return new StatusError(Code.NOT_FOUND, `The file "${key}" of ${path} is not beside it.`, {
    path,
    hint: `Copy it there: aws s3 cp "s3://${bucket}/${key}" ${dirname(path)}/`,
  });
}

const differs = (path: string, how: string): StatusError =>
  new StatusError(Code.DATA_LOSS, `The file ${path} has ${how}, as its manifest.json says.`, {
    path,
    hint: 'Copy it again; a report is complete when its manifest.json is there.',
  });
