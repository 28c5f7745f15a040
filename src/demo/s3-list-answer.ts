/**
 * ListObjectsV2 over a bucket directory of s3rver, as Amazon documents it: keys and common
 * prefixes in one order by UTF-8 bytes, counted together, url-encoded when asked. One directory is
 * read for a listing with the delimiter '/', whatever the size of the bucket.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

export type ListQuery = Readonly<Record<string, string | undefined>>;

type Item = { readonly key: string; readonly isPrefix: boolean };

/** How s3rver names the file of an object. */
export const OBJECT_SUFFIX = '._S3rver_object';

export async function answerList(
  bucketDirectory: string,
  query: ListQuery,
  pageKeyCountMax: number,
): Promise<string> {
  const prefix = query['prefix'] ?? '';
  const token = query['continuation-token'];
  const startAfter = query['start-after'] ?? '';
  const items = await readItems(bucketDirectory, prefix, query['delimiter'] === '/');
  const from = token === undefined ? undefined : Buffer.from(token, 'base64url');
  const rest = items
    .sort((left, right) => Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)))
    .filter(({ key, isPrefix }) => {
      if (from !== undefined) return Buffer.compare(Buffer.from(key), from) > 0;
      const isAfter = Buffer.compare(Buffer.from(key), Buffer.from(startAfter)) > 0;
      // Keys below a prefix may come after what the prefix itself comes before.
      return isAfter || (isPrefix && startAfter.startsWith(key));
    });
  const count = Math.min(Number(query['max-keys'] ?? 1000), pageKeyCountMax);
  const page = rest.slice(0, count);
  const encode = query['encoding-type'] === 'url' ? formEncode : escapeXml;
  const last = page.at(-1);
  const isTruncated = rest.length > page.length && last !== undefined;
  const described = await Promise.all(page.map((item) => describe(bucketDirectory, item, encode)));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<Prefix>${encode(prefix)}</Prefix><KeyCount>${page.length}</KeyCount>`,
    query['encoding-type'] === 'url' ? '<EncodingType>url</EncodingType>' : '',
    `<IsTruncated>${isTruncated}</IsTruncated>`,
    isTruncated ? `<NextContinuationToken>${tokenOf(last)}</NextContinuationToken>` : '',
    ...described,
    '</ListBucketResult>',
  ].join('');
}

const tokenOf = (item: Item): string => Buffer.from(item.key).toString('base64url');

async function readItems(bucket: string, prefix: string, delimited: boolean): Promise<Item[]> {
  const base = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const items: Item[] = [];
  const found = await readdir(join(bucket, base), { withFileTypes: true }).catch(() => []);
  for (const entry of found) {
    if (entry.isDirectory() && entry.name !== '._S3rver_uploads') {
      const below = `${base}${entry.name}/`;
      const wanted = below.startsWith(prefix) || prefix.startsWith(below);
      if (!wanted) continue;
      if (delimited) items.push({ key: below, isPrefix: true });
      else items.push(...(await readItems(bucket, below, false)));
    } else if (entry.name.endsWith(OBJECT_SUFFIX)) {
      const key = base + entry.name.slice(0, -OBJECT_SUFFIX.length);
      if (key.startsWith(prefix)) items.push({ key, isPrefix: false });
    }
  }
  return items;
}

async function describe(bucket: string, item: Item, encode: (key: string) => string) {
  if (item.isPrefix) return `<CommonPrefixes><Prefix>${encode(item.key)}</Prefix></CommonPrefixes>`;
  const file = join(bucket, item.key + OBJECT_SUFFIX);
  const [{ size, mtime }, md5] = await Promise.all([
    stat(file),
    readFile(`${file}.md5`, 'utf8').catch(() => ''),
  ]);
  return [
    `<Contents><Key>${encode(item.key)}</Key>`,
    `<LastModified>${mtime.toISOString()}</LastModified>`,
    `<ETag>&quot;${md5}&quot;</ETag><Size>${size}</Size></Contents>`,
  ].join('');
}

/** As java.net.URLEncoder, which Amazon uses, but with '/' left as it is. */
const formEncode = (key: string): string =>
  encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
