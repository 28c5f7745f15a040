/**
 * Notes of multipart uploads that are under way, a small file each: S3 keeps the parts of an upload
 * whose process was killed, for whoever pays. The next life of the process finds the notes of the
 * last one and ends those uploads; others, which strangers may have begun, it does not know.
 *
 *   <directory>/<random>.json        of this life
 *   <directory>/left/<random>.json   of lives before
 *
 * Best effort: an upload does not fail for want of a note.
 */
import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './local-errors.js';

const LEFT = 'left';
const SUFFIX = '.json';

export type UploadNote = {
  /** Of the store. */
  readonly uri: string;
  /** Below it. */
  readonly path: string;
  readonly uploadId: string;
};

export type LeftUpload = UploadNote & { readonly file: string };

/** Returns what forgets it, when the upload is over. */
export function noteUpload(directory: string, note: UploadNote): () => void {
  const file = join(directory, `${randomUUID()}${SUFFIX}`);
  quietly(() => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify(note), { mode: 0o600 });
  });
  return () => forgetUpload(file);
}

export function forgetUpload(file: string): void {
  quietly(() => unlinkSync(file));
}

/** When a life begins: all notes that are there are those of lives before. */
export function leaveUploads(directory: string): void {
  quietly(() => {
    const left = join(directory, LEFT);
    mkdirSync(left, { recursive: true, mode: 0o700 });
    for (const name of notesIn(directory)) renameSync(join(directory, name), join(left, name));
  });
}

/** Some of what lives before have left; what cannot be read is forgotten. */
export function leftUploads(directory: string, most: number): LeftUpload[] {
  const left = join(directory, LEFT);
  const found: LeftUpload[] = [];
  for (const name of notesIn(left).slice(0, most)) {
    const file = join(left, name);
    const note = readNote(file);
    if (note === undefined) forgetUpload(file);
    else found.push({ ...note, file });
  }
  return found;
}

function readNote(file: string): UploadNote | undefined {
  try {
    const { uri, path, uploadId } = JSON.parse(readFileSync(file, 'utf8'));
    const isNote = [uri, path, uploadId].every((text) => typeof text === 'string' && text !== '');
    return isNote ? { uri, path, uploadId } : undefined;
  } catch (error) {
    // A process that was killed while it wrote it.
    if (error instanceof SyntaxError || systemCode(error) !== '') return undefined;
    throw error;
  }
}

function notesIn(directory: string): string[] {
  let names: string[] = [];
  quietly(() => {
    names = readdirSync(directory).filter((name) => name.endsWith(SUFFIX));
  });
  return names;
}

/** What the system refuses costs a note, and nothing else. */
function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (systemCode(error) === '') throw error;
  }
}
