/**
 * The HTTP statuses: one table for every port and for the client. Pure.
 *
 * Several codes may share a status. The first of them is what a client assumes when it has only the
 * status.
 */
import { Code, type CodeName, codeName } from './status.js';

const byCode: readonly (readonly [code: Code, status: number])[] = [
  [Code.OK, 200],
  [Code.INVALID_ARGUMENT, 400],
  [Code.UNAUTHENTICATED, 401],
  [Code.PERMISSION_DENIED, 403],
  [Code.NOT_FOUND, 404],
  [Code.ALREADY_EXISTS, 409],
  [Code.ABORTED, 409],
  [Code.FAILED_PRECONDITION, 412],
  [Code.RESOURCE_EXHAUSTED, 429],
  [Code.CANCELLED, 499],
  [Code.INTERNAL, 500],
  [Code.DATA_LOSS, 500],
  [Code.UNIMPLEMENTED, 501],
  [Code.UNAVAILABLE, 503],
  [Code.DEADLINE_EXCEEDED, 504],
];

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  206: 'Partial Content',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  416: 'Range Not Satisfiable',
  429: 'Too Many Requests',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

const statuses = new Map<number, number>(byCode);
const codes = new Map(byCode.toReversed().map(([code, status]) => [status, code]));

export const httpStatus = (code: Code): number => statuses.get(code) ?? 500;

/** As it stands in the first line of an answer. */
export const statusLine = (status: number): string => `${status} ${reasons[status] ?? 'Unknown'}`;

/** What a status means of which nothing else is known. */
export function codeOfHttp(status: number): CodeName {
  const code = codes.get(status);
  if (code !== undefined) return codeName(code);
  return status >= 400 && status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL';
}
