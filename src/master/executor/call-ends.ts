/** Errors for calls that end without an answer of their own. */
import { Code, StatusError } from '../../base/status.js';

const RETRY_AFTER_MS = 50;

export function cancelled(): StatusError {
  return new StatusError(Code.CANCELLED, 'The client cancelled the call.');
}

export function deadlineExceeded(): StatusError {
  return new StatusError(Code.DEADLINE_EXCEEDED, 'The deadline of the call has passed.', {
    hint: 'Give the call more time, or look at `orchard admin locks` for what holds it up.',
  });
}

export function tooManyParked(): StatusError {
  return new StatusError(Code.RESOURCE_EXHAUSTED, 'Too many calls are waiting on this thread.', {
    hint: 'Send fewer calls at once.',
    retryAfterMs: RETRY_AFTER_MS,
  });
}
