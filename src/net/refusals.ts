/**
 * What the edge answers by itself, without anybody below seeing the call. Some are made once: an
 * error takes its stack when it is made, and these come by the thousand.
 */
import { Code, StatusError } from '../base/status.js';

export const exhausted = (reason: string, retryAfterMs: number): StatusError =>
  new StatusError(Code.RESOURCE_EXHAUSTED, reason, {
    hint: 'Read the replies, then try again.',
    retryAfterMs,
  });

export const memoryIsShort = (retryAfterMs: number): StatusError =>
  new StatusError(Code.RESOURCE_EXHAUSTED, 'The calls in flight hold as much memory as they may.', {
    hint: 'Try again in a moment; ORCHARD_HELD_BYTES_MAX sets the bound.',
    retryAfterMs,
  });

export const stopping = (retryAfterMs: number): StatusError =>
  new StatusError(Code.UNAVAILABLE, 'The master is stopping.', { retryAfterMs });

export const notGreeted = new StatusError(
  Code.UNAUTHENTICATED,
  'The first message of a connection must be Hello.',
  { hint: 'Say who you are, then call again.' },
);
export const noSessions = new StatusError(
  Code.INVALID_ARGUMENT,
  'Over HTTP the caller is in the headers, and there are no sessions.',
);
export const malformed = new StatusError(
  Code.INVALID_ARGUMENT,
  'The frame is not a well-formed request.',
);
export const unknownRequest = new StatusError(
  Code.UNIMPLEMENTED,
  'This master does not know the request.',
  { hint: 'Use a client of the same version as the master.' },
);
export const noCancelling = new StatusError(
  Code.FAILED_PRECONDITION,
  'An HTTP call is cancelled by closing its connection.',
);
