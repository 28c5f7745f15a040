/**
 * Directories of this machine as put sees them: walked depth first, sorted by name. Each entry that
 * cannot be copied (a link, a socket, a name that is not UTF-8, an unreadable file) is reported,
 * and the walk goes on.
 */
import type { Dirent, Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OrchardError } from '../client/errors.js';

export type LocalEntry = {
  readonly path: string;
  /** Below the root of the walk, with `/` between; '' for the root. */
  readonly relative: string;
  readonly isDirectory: boolean;
};

/** What to do with symbolic links below the root; undefined: leave them out, as a failure. */
export type LinkRule = 'follow' | 'skip' | 'fail' | undefined;

export type WalkRules = {
  readonly links: LinkRule;
  /** Gets what is left out, and why. */
  readonly leftOut: (why: Error) => Promise<void>;
};

type Place = {
  readonly path: string;
  readonly relative: string;
  readonly above: readonly string[];
};

/** The entry itself, then what is below it. A link at the root is followed. */
export async function* walkLocal(
  root: string,
  rules: WalkRules,
): AsyncGenerator<LocalEntry, void, undefined> {
  const top = await stat(root);
  const isDirectory = top.isDirectory();
  yield { path: root, relative: '', isDirectory };
  if (isDirectory) yield* walkBelow({ path: root, relative: '', above: [idOf(top)] }, rules);
}

async function* walkBelow(
  place: Place,
  rules: WalkRules,
): AsyncGenerator<LocalEntry, void, undefined> {
  let entries: Dirent<Buffer>[] = [];
  try {
    entries = await readdir(place.path, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    await rules.leftOut(error as Error);
  }
  for (const entry of entries.sort((a, b) => Buffer.compare(a.name, b.name))) {
    const name = utf8Of(entry.name);
    if (name === undefined) await rules.leftOut(notUtf8(place.path, entry.name));
    else yield* walkEntry(place, { entry, name }, rules);
  }
}

async function* walkEntry(
  { path: directory, relative: above, above: ids }: Place,
  { entry, name }: { readonly entry: Dirent<Buffer>; readonly name: string },
  rules: WalkRules,
): AsyncGenerator<LocalEntry, void, undefined> {
  const path = join(directory, name);
  const relative = above === '' ? name : `${above}/${name}`;
  const follows = entry.isSymbolicLink() && rules.links === 'follow';
  let found: Dirent<Buffer> | Stats = entry;
  let inside = ids;
  try {
    if (follows || entry.isDirectory()) {
      const status = await stat(path);
      if (follows && ids.includes(idOf(status))) throw leadsBack(path);
      found = status;
      inside = [...ids, idOf(status)];
    }
  } catch (error) {
    await rules.leftOut(error as Error);
    return;
  }
  if (found.isDirectory()) {
    yield { path, relative, isDirectory: true };
    yield* walkBelow({ path, relative, above: inside }, rules);
  } else if (found.isFile()) yield { path, relative, isDirectory: false };
  else if (!found.isSymbolicLink()) await rules.leftOut(specialFile(path));
  else if (rules.links === 'fail') throw symbolicLink(path);
  else await rules.leftOut(symbolicLink(path));
}

/** Files that a walk will come to. With `links: fail` it throws before anything is copied. */
export async function countLocal(root: string, links: LinkRule): Promise<number> {
  let files = 0;
  const leftOut = async () => undefined;
  for await (const entry of walkLocal(root, { links, leftOut })) if (!entry.isDirectory) files += 1;
  return files;
}

export type LocalFile = {
  /** Undefined: a pipe or the like, whose length is unknown. */
  readonly length: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
  close(): void;
};

/** Reads a file up to its present length: bytes appended during the read are not part of it. */
export async function openLocal(path: string): Promise<LocalFile> {
  const file = await open(path, 'r');
  const status = await file.stat();
  // Files of /proc have length 0 and yet content, so they are read to their end.
  const length = status.isFile() && status.size > 0 ? status.size : undefined;
  const stream = file.createReadStream(length === undefined ? {} : { end: length - 1 });
  const close = () => void stream.destroy();
  return { length, chunks: whole(stream, path, length), close };
}

async function* whole(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  length: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    yield chunk;
  }
  if (length === undefined || bytes === length) return;
  const reason = `The local file became shorter while it was read: ${bytes} of ${length} bytes.`;
  throw new OrchardError('ABORTED', reason, { path, hint: 'put it again' });
}

const idOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

function utf8Of(name: Buffer): string | undefined {
  const text = name.toString('utf8');
  return Buffer.from(text).equals(name) ? text : undefined;
}

const notUtf8 = (directory: string, name: Buffer): OrchardError =>
  new OrchardError('INVALID_ARGUMENT', 'The name is not UTF-8, and was left out.', {
    path: join(directory, name.toString('latin1')),
    hint: 'rename it',
  });

const symbolicLink = (path: string): OrchardError =>
  new OrchardError('INVALID_ARGUMENT', 'It is a symbolic link, and was not copied.', {
    path,
    hint: '--links follow, or --links skip',
  });

const leadsBack = (path: string): OrchardError =>
  new OrchardError('INVALID_ARGUMENT', 'The link leads to a directory that it is in.', { path });

const specialFile = (path: string): OrchardError =>
  new OrchardError('INVALID_ARGUMENT', 'It is no file but a pipe, socket or device: left out.', {
    path,
  });
