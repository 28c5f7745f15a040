/** Messages of expected failures, in Alluxio's words where its users know them. */
import { Code, StatusError } from '../../../base/status.js';
import { WalkStatus } from '../../memory/exports.js';
import type { PathWalk } from '../../path/path-walk.js';

export function notFound(walk: PathWalk): StatusError {
  const path = walk.text();
  return new StatusError(Code.NOT_FOUND, `Path "${path}" does not exist.`, {
    path,
    hint: 'Check the spelling, or list the parent directory.',
  });
}

/** The node before the one that stopped the walk is a file. */
export function notDirectory(walk: PathWalk): StatusError {
  const path = walk.text();
  const file = walk.text(walk.next - 1);
  return new StatusError(
    Code.INVALID_ARGUMENT,
    `Path "${path}" is invalid: "${file}" is a file, not a directory.`,
    { path, hint: 'Files have no children: choose another path.' },
  );
}

/** Throws unless the whole path is there. */
export function requireFound(walk: PathWalk): void {
  if (walk.found) return;
  // There is nothing below a file; Alluxio calls that not found too.
  throw notFound(walk);
}

export function alreadyExists(walk: PathWalk, reason: string, hint: string): StatusError {
  return new StatusError(Code.ALREADY_EXISTS, reason, { path: walk.text(), hint });
}

export function invalid(path: string, reason: string, hint: string): StatusError {
  return new StatusError(Code.INVALID_ARGUMENT, reason, { path, hint });
}

export const isBelowFile = (walk: PathWalk): boolean => walk.status === WalkStatus.NOT_DIRECTORY;
