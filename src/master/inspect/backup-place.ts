/**
 * Decides where a backup may be written: a new regular file in the backup directory or below it,
 * after all links are followed. So the name from an administrator reaches no other file of the
 * machine, no device, and nothing of the master's own.
 */
import { lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs';
import path from 'node:path';
import { Code, StatusError } from '../../base/status.js';

/** For the master's user alone. */
const DIRECTORY_MODE = 0o700;

export type BackupTarget = {
  /** Relative to the directory, or an absolute path in it. */
  readonly file: string;
  /** Replace a backup that is there. */
  readonly force: boolean;
  readonly directory: string;
};

/** The real path to write; throws a StatusError that says what is wrong with the name. */
export function placeOfBackup({ file, force, directory }: BackupTarget): string {
  const name = path.basename(file);
  if (file.includes('\0') || file.endsWith('/') || ['', '.', '..'].includes(name)) {
    throw refusal(
      Code.INVALID_ARGUMENT,
      file,
      `"${file}" is no name of a file.`,
      inside(directory),
    );
  }
  const root = rootOf(directory);
  const wanted = path.resolve(directory, path.dirname(file));
  const real = realOf(wanted);
  if (real === undefined) {
    const reason = `The master has no directory ${wanted}.`;
    throw refusal(Code.NOT_FOUND, file, reason, 'Create it on the machine of the master.');
  }
  if (real !== root && !real.startsWith(root === '/' ? root : `${root}/`)) {
    const reason = `${path.join(wanted, name)} is not in the backup directory.`;
    throw refusal(Code.INVALID_ARGUMENT, file, reason, inside(directory));
  }
  const place = path.join(real, name);
  refuseTaken(place, statsOf(place), force);
  return place;
}

function refuseTaken(place: string, stats: Stats | undefined, force: boolean): void {
  if (stats === undefined) return;
  if (!stats.isFile()) {
    const hint = 'Choose another name: only a regular file is replaced.';
    throw refusal(Code.FAILED_PRECONDITION, place, `${place} is no regular file.`, hint);
  }
  if (force) return;
  throw refusal(Code.ALREADY_EXISTS, place, `${place} exists.`, 'Choose another name, or --force.');
}

/** Makes the backup directory itself; the directories above it are the operator's. */
function rootOf(directory: string): string {
  try {
    mkdirSync(directory, { mode: DIRECTORY_MODE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      const why = (error as Error).message;
      const reason = `The backup directory ${directory} cannot be made: ${why}.`;
      const hint = 'Make it on the machine of the master, or set ORCHARD_BACKUP_DIR to another.';
      throw refusal(Code.FAILED_PRECONDITION, directory, reason, hint);
    }
  }
  return realpathSync(directory);
}

function realOf(directory: string): string | undefined {
  try {
    return realpathSync(directory);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function statsOf(place: string): Stats | undefined {
  return lstatSync(place, { throwIfNoEntry: false });
}

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

const inside = (directory: string): string =>
  `Name a file in ${directory} (ORCHARD_BACKUP_DIR), such as monday.`;

const refusal = (code: Code, at: string, reason: string, hint: string): StatusError =>
  new StatusError(code, reason, { path: at, hint });
