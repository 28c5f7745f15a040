/** Expected failures as HTTP: a status that fits, and a body that says all. Pure. */
import type { ServerResponse } from 'node:http';
import { Code, StatusError } from '../base/status.js';

const statuses: Partial<Record<Code, number>> = {
  [Code.CANCELLED]: 499,
  [Code.INVALID_ARGUMENT]: 400,
  [Code.UNAUTHENTICATED]: 401,
  [Code.PERMISSION_DENIED]: 403,
  [Code.NOT_FOUND]: 404,
  [Code.ALREADY_EXISTS]: 409,
  [Code.ABORTED]: 409,
  [Code.FAILED_PRECONDITION]: 412,
  [Code.RESOURCE_EXHAUSTED]: 429,
  [Code.UNIMPLEMENTED]: 501,
  [Code.UNAVAILABLE]: 503,
  [Code.DEADLINE_EXCEEDED]: 504,
};

export const httpStatus = (code: Code): number => statuses[code] ?? 500;

export function failureBody(error: StatusError): string {
  const { codeName, message, path, hint, retryAfterMs } = error;
  return `${JSON.stringify({ code: codeName, reason: message, path, hint, retryAfterMs })}\n`;
}

/**
 * Answers with the failure, or ends the connection when the answer has begun already: a body that
 * is cut short is the only way to say then that it is not whole.
 */
export function answerFailure(response: ServerResponse, error: StatusError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = failureBody(error);
  response.statusCode = httpStatus(error.code);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(body));
  if (error.retryAfterMs !== undefined) {
    response.setHeader('retry-after', Math.ceil(error.retryAfterMs / 1000));
  }
  response.end(body);
}

export function asStatusError(error: unknown): StatusError | undefined {
  if (error instanceof StatusError) return error;
  const { code, name } = error as NodeJS.ErrnoException;
  const isGone = name === 'AbortError' || code === 'ECONNRESET' || code === 'EPIPE';
  if (!isGone && code !== 'ERR_STREAM_PREMATURE_CLOSE') return undefined;
  return new StatusError(Code.CANCELLED, 'The client has gone.');
}
