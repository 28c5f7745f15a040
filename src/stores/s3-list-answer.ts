/**
 * Reads the answer to a list request of S3 from its bytes. The SDK hides whether S3 answered at
 * all, trims and decodes keys in its own way, and refuses a whole page for one odd value. Texts
 * stay bytes (latin1) until their key is looked at. Pure.
 *
 *     <ListBucketResult> <Contents><Key/><LastModified/><ETag/><Size/></Contents>…
 *                        <CommonPrefixes><Prefix/></CommonPrefixes>…  <IsTruncated/> …
 */
import { Code, StatusError } from '../base/status.js';

export type ListedObject = {
  readonly key: string;
  readonly size: string | undefined;
  readonly modified: string | undefined;
  readonly etag: string | undefined;
};

export type ListAnswer = {
  readonly objects: readonly ListedObject[];
  readonly prefixes: readonly string[];
  /** Elements of the result itself: IsTruncated, NextMarker… */
  readonly fields: ReadonlyMap<string, string>;
};

const ROOT = 'ListBucketResult';
/** How far into an answer its first element may be. */
const HEAD_CHARS_MAX = 4096;

/** Throws FAILED_PRECONDITION for an answer that is not from S3. */
export function parseListAnswer(body: Uint8Array, uri: string): ListAnswer {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  if (rootOf(text) !== ROOT) throw notS3(uri, text);
  const objects: ListedObject[] = [];
  const prefixes: string[] = [];
  const fields = new Map<string, string>();
  let object = new Map<string, string>();
  let isClosed = false;
  for (const { path, value } of leaves(text)) {
    const [root, element, child] = path;
    if (path.length === 1) isClosed = root === ROOT;
    else if (path.length === 2 && element === 'Contents') {
      objects.push({
        key: object.get('Key') ?? '',
        size: object.get('Size'),
        modified: object.get('LastModified'),
        etag: object.get('ETag'),
      });
      object = new Map();
    } else if (path.length === 2 && element !== 'CommonPrefixes') fields.set(element!, value);
    else if (path.length !== 3) continue;
    else if (element === 'Contents') object.set(child!, value);
    else if (element === 'CommonPrefixes' && child === 'Prefix') prefixes.push(value);
  }
  if (!isClosed) throw cutOff(uri);
  return { objects, prefixes, fields };
}

/** Name of the first element, without its name space; undefined where no XML begins. */
function rootOf(text: string): string | undefined {
  const head = text.slice(0, HEAD_CHARS_MAX);
  const prolog = /^(?:\xef\xbb\xbf)?(?:\s+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->)*<([^\s/>!?]+)/.exec(
    head,
  );
  return prolog?.[1] === undefined ? undefined : localName(prolog[1]);
}

type Leaf = {
  /** Names from the root to the element that ends here. */
  readonly path: readonly string[];
  /** Its own text, entities resolved. */
  readonly value: string;
};

/** Every element at its end, in the order of the text. */
function* leaves(text: string): Generator<Leaf> {
  const path: string[] = [];
  let value = '';
  let at = text.indexOf('<');
  while (at !== -1) {
    if (text.startsWith('<![CDATA[', at)) {
      const end = endOf(text, ']]>', at);
      value += text.slice(at + 9, end - 3);
      at = end;
    } else if (text.startsWith('<!--', at)) at = endOf(text, '-->', at);
    else {
      const end = endOf(text, '>', at);
      const tag = text.slice(at + 1, end - 1);
      at = end;
      if (tag.startsWith('/')) {
        yield { path, value };
        path.pop();
        value = '';
      } else if (!tag.startsWith('?') && !tag.startsWith('!')) {
        path.push(localName(tag.replace(/[\s/][\s\S]*$/, '')));
        value = '';
        if (tag.endsWith('/')) {
          yield { path, value };
          path.pop();
        }
      }
    }
    const next = text.indexOf('<', at);
    if (next > at) value += unescapeXml(text.slice(at, next));
    at = next;
  }
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** Behind the mark, or the end of the text. */
function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? text.length : at + mark.length;
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** A number stands for a character, whose bytes take its place. */
function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));/g, (whole, ten, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole;
    const code = ten === undefined ? Number.parseInt(hex, 16) : Number(ten);
    return code > 0x10ffff ? whole : Buffer.from(String.fromCodePoint(code)).toString('latin1');
  });
}

/** An HTML page comes from a console, or from a proxy in between. */
function notS3(uri: string, text: string): StatusError {
  const isPage = /<html|<!doctype html/i.test(text.slice(0, HEAD_CHARS_MAX));
  const what = isPage ? 'a web page' : 'no list of objects';
  return new StatusError(
    Code.FAILED_PRECONDITION,
    `The answer for ${uri} is not from S3: it is ${what}.`,
    {
      hint: 'Set endpoint of the mount to the port that speaks S3, not to a console or proxy.',
    },
  );
}

const cutOff = (uri: string): StatusError =>
  new StatusError(Code.UNAVAILABLE, `The list that the store gave for ${uri} ends too early.`, {
    hint: 'Try again; if it stays so, look for a proxy between master and store.',
  });
