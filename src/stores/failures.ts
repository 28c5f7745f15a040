/** Failures that every store reports with the same words. Pure. */
import { Code, StatusError } from '../base/status.js';

export const absent = (uri: string): StatusError =>
  new StatusError(Code.NOT_FOUND, `${uri} does not exist in the store.`, {
    hint: 'List its parent to see what is there.',
  });

export const notADirectory = (uri: string): StatusError =>
  new StatusError(Code.NOT_FOUND, `${uri} is not a directory in the store.`, {
    hint: 'List its parent to see what is there.',
  });

export const isADirectory = (uri: string): StatusError =>
  new StatusError(Code.INVALID_ARGUMENT, `${uri} is a directory.`, {
    hint: 'Name a file in it.',
  });

/** The object is not the one that the caller knows. */
export const changed = (uri: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, `${uri} has changed in the store.`, {
    hint: 'Load its metadata again: orchard load, or ls -f of its directory.',
  });

/** Somebody else's object has the name that had to be free. */
export const alreadyThere = (uri: string): StatusError =>
  new StatusError(Code.ALREADY_EXISTS, `${uri} already exists in the store.`, {
    hint: 'Load its metadata to see it, choose another name, or overwrite it.',
  });

/**
 * When to ask a store that is down again. A caller that may not wait so long is told at once;
 * otherwise it would try again until its time is over.
 */
export const STORE_DOWN_MS = 60_000;
