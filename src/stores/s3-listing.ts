/**
 * From the order of S3 to the order of names, exactly, holding one page of S3. Pure but for the
 * fetch it is given.
 *
 * S3 lists keys, a directory as its common prefix 'a/', by bytes. So the directory a comes after
 * all names that go on with a character below '/' (space ! " # $ % & ' ( ) * + , - .):
 *
 *     S3:      a   a-1   a-2   a.txt   a/   ab
 *     names:   a (the directory)   a-1   a-2   a.txt   ab
 *
 * Names after a may fill any number of pages before 'a/' comes, if it comes. What one page leaves
 * open is little, though. Let L be its last key. A directory d that may still come has
 * d <= L < 'd/', and everything between those two starts with d: d is L itself, or a beginning of L
 * before one of those characters. Those are the *open* names. A name before the first open name
 * is final.
 *
 *     L = part-0-0999   open: part   part-0   part-0-0999
 *
 * So a page of S3 gives the final names, and the rest is fetched again with the next page. Only
 * when a page has no final name at all (more than a page of names that go on from one) S3 is asked
 * whether the first open directory is there, with a list of one key, until a name is final.
 *
 * Going on after the name s, S3 starts after the key s. Directories up to s that it then shows
 * (s itself, or what s goes on from) were given on an earlier page and are dropped; every later
 * name n has its key, n or 'n/', after s.
 *
 * A file and a directory of one name are one entry, the directory.
 */
import { assert } from '../base/assert.js';
import type { SkipReason } from '../base/skip-reasons.js';
import { Code, StatusError } from '../base/status.js';
import { compareNames } from './name-order.js';
import { directoryEntry } from './s3-values.js';
import { SkipCount, type Skips } from './skips.js';
import { isUfsName, type UfsPage, type UfsStatus } from './ufs.js';

/** A key relative to the listed directory: a file, or a directory with its '/'. */
export type S3Item = {
  readonly key: string;
  readonly isDirectory: boolean;
  readonly file?: UfsStatus;
  /** Why it cannot be shown. */
  readonly skip?: SkipReason;
};

/** How to go on: with the store's own token, or after the key that came last. */
export type S3Continuation = { readonly token: string } | { readonly after: string };

export type S3Request = {
  /** Relative as well; '' = from the beginning. */
  readonly startAfter: string;
  readonly keyCountMax: number;
  readonly continuation?: S3Continuation;
};
export type S3Response = {
  /** In the order of S3; the directory's own marker (key '') may be among them. */
  readonly items: readonly S3Item[];
  /** There is more. */
  readonly continuation?: S3Continuation;
};

export type S3Directory = {
  fetch(request: S3Request): Promise<S3Response>;
  /** Whether anything is below the sub-directory of this name. */
  hasDirectory(name: string): Promise<boolean>;
  /** The most keys that one fetch may ask for. */
  readonly keyCountMax: number;
};

/** Smaller requests save nothing, and give open names at the end a larger share. */
const KEY_COUNT_MIN = 16;
const SLASH = '/'.charCodeAt(0);

/** The page, and whether S3 knows anything at all at or below this directory. */
export type S3ListedPage = UfsPage & { readonly exists: boolean };

export async function listS3(
  directory: S3Directory,
  options: { startAfter: string; limit: number },
): Promise<S3ListedPage> {
  const { startAfter, limit } = options;
  const keyCountMax = Math.min(directory.keyCountMax, Math.max(limit + 1, KEY_COUNT_MIN));
  let request: S3Request = { startAfter, keyCountMax };
  let lastKey = '';
  let exists = false;
  const skipped: S3Skip[] = [];
  for (;;) {
    const response = await directory.fetch(request);
    checkOrder(response.items, lastKey);
    exists ||= response.items.length > 0;
    lastKey = response.items.at(-1)?.key ?? lastKey;
    const names = namesOf(response.items, startAfter);
    skipped.push(...names.skipped);
    const isLast = response.continuation === undefined;
    const final = isLast
      ? { entries: [...names.entries.values()], isAll: true }
      : await finalNames(directory, { names: names.entries, lastKey, startAfter });
    const entries = final.entries.slice(0, limit);
    const isEnd = isLast && final.isAll && entries.length === final.entries.length;
    if (isEnd) return { entries, skipped: countOf(skipped), exists };
    const last = entries.at(-1)?.name;
    if (last !== undefined) {
      // S3 goes on after that key, so what follows will be listed, and left out, again.
      const passed = skipped.filter(({ key }) => compareNames(key, last) <= 0);
      return { entries, nextStartAfter: last, skipped: countOf(passed), exists };
    }
    assert(response.continuation !== undefined, 'an empty page that is not the last goes on');
    // Only dropped entries: S3 goes on exactly where it stopped.
    request = { startAfter, keyCountMax, continuation: response.continuation };
  }
}

type S3Skip = { readonly key: string; readonly reason: SkipReason };

function countOf(skipped: readonly S3Skip[]): Skips {
  const count = new SkipCount();
  for (const { key, reason } of skipped) count.add(key, reason);
  return count.plain;
}

/** Entries by name, in the order of names; markers, unusable and earlier names left out. */
function namesOf(items: readonly S3Item[], startAfter: string) {
  const unsorted = new Map<string, UfsStatus>();
  const skipped: S3Skip[] = [];
  for (const { key, isDirectory, file, skip } of items) {
    const name = isDirectory ? key.slice(0, -1) : key;
    if (!isDirectory && key === '') {
      // The marker of the directory itself; one with content is a file that nothing can name.
      const hasContent = file === undefined || file.length > 0;
      if (hasContent) skipped.push({ key, reason: skip ?? 'content' });
      continue;
    }
    const reason = skip ?? (isUfsName(name) ? undefined : 'name');
    if (reason !== undefined) {
      skipped.push({ key, reason });
      continue;
    }
    if (startAfter !== '' && compareNames(name, startAfter) <= 0) continue;
    // In the order of S3 the directory comes after the file of its name and takes its place.
    unsorted.set(name, file ?? directoryEntry(name));
  }
  const sorted = [...unsorted.values()].sort((left, right) => compareNames(left.name, right.name));
  return { entries: new Map(sorted.map((entry) => [entry.name, entry])), skipped };
}

type Unsettled = {
  readonly names: ReadonlyMap<string, UfsStatus>;
  readonly lastKey: string;
  readonly startAfter: string;
};

/** The names that no later page of S3 can change or precede, and whether those are all. */
async function finalNames(
  directory: S3Directory,
  { names, lastKey, startAfter }: Unsettled,
): Promise<{ entries: UfsStatus[]; isAll: boolean }> {
  const settled = new Map(names);
  const open = openNames(lastKey).filter((name) => compareNames(name, startAfter) > 0);
  for (;;) {
    const first = open[0];
    const entries = [...settled.values()]
      .filter((entry) => first === undefined || compareNames(entry.name, first) < 0)
      .sort((left, right) => compareNames(left.name, right.name));
    if (first === undefined || entries.length > 0) {
      return { entries, isAll: entries.length === settled.size };
    }
    open.shift();
    if (await directory.hasDirectory(first)) settled.set(first, directoryEntry(first));
  }
}

/** Names of directories that S3 may show only after this key although they sort up to it. */
export function openNames(lastKey: string): string[] {
  const open: string[] = [];
  for (let length = 1; length <= lastKey.length; length++) {
    const name = lastKey.slice(0, length);
    const isWhole = length === lastKey.length;
    const isOpen = isWhole ? !name.endsWith('/') : lastKey.charCodeAt(length) < SLASH;
    if (isOpen && isUfsName(name)) open.push(name);
  }
  return open;
}

/** Some gateways list in another order; silently losing names would be worse than refusing. */
function checkOrder(items: readonly S3Item[], lastKey: string): void {
  let previous = lastKey;
  for (const { key, skip } of items) {
    // Of a key that is not UTF-8 the true bytes are not here to be compared.
    if (skip === 'encoding') continue;
    if (previous !== '' && compareNames(previous, key) > 0) {
      throw new StatusError(Code.FAILED_PRECONDITION, 'The store does not list by byte order.', {
        hint: 'Directory buckets (S3 Express) do not; use another kind of bucket.',
      });
    }
    previous = key;
  }
}
