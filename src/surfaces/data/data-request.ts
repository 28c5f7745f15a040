/**
 * What a request on /v1/data says: whose it is, which path, which options. Pure.
 *
 * Identity by headers, as for POST /rpc: simple authentication, the caller is believed. A name
 * that is no visible ASCII comes percent-encoded.
 */
import type { IncomingMessage } from 'node:http';
import { CALLER_GROUPS_MAX, INTERNED_BYTES_MAX } from '../../base/limits.js';
import { Code, StatusError } from '../../base/status.js';
import type { Caller } from '../../master/executor/caller.js';

export type RequestUrl = {
  readonly pathname: string;
  readonly searchParams: URLSearchParams;
};

export const DATA_PREFIX = '/v1/data/';

export function callerOf(request: IncomingMessage): Caller {
  const user = decodeName(headerOf(request, 'x-orchard-user'));
  const groups = headerOf(request, 'x-orchard-groups')
    .split(',')
    .map((group) => decodeName(group.trim()))
    .filter((group) => group !== '');
  if (user === '') {
    throw new StatusError(Code.UNAUTHENTICATED, 'The caller gave no user name.', {
      hint: 'Send the header x-orchard-user.',
    });
  }
  const tooLong = [user, ...groups].some((name) => Buffer.byteLength(name) > INTERNED_BYTES_MAX);
  if (tooLong || groups.length > CALLER_GROUPS_MAX) {
    throw new StatusError(
      Code.INVALID_ARGUMENT,
      `Names have at most ${INTERNED_BYTES_MAX} bytes, a caller ${CALLER_GROUPS_MAX} groups.`,
    );
  }
  return { user, groups, clientId: 0 };
}

/** The path below the prefix, each component percent-decoded; throws INVALID_ARGUMENT. */
export function dataPath(url: RequestUrl): string {
  try {
    const components = url.pathname.slice(DATA_PREFIX.length - 1).split('/');
    const decoded = components.map((component) => decodeURIComponent(component));
    // An encoded slash would be a separator where the sender meant a letter.
    if (decoded.every((component) => !component.includes('/'))) return decoded.join('/');
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
  }
  throw new StatusError(Code.INVALID_ARGUMENT, `Not a percent-encoded path: ${url.pathname}`, {
    hint: 'Encode each component as encodeURIComponent does.',
  });
}

/** A switch of the query: absent, true or false. */
export function flagOf(url: RequestUrl, name: string): boolean {
  const text = url.searchParams.get(name);
  return text !== null && text !== 'false' && text !== '0';
}

/** Permission bits in octal; -1: the default. */
export function modeOf(url: RequestUrl): number {
  const text = url.searchParams.get('mode');
  if (text === null) return -1;
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8);
  throw new StatusError(Code.INVALID_ARGUMENT, `Not an octal mode: ${text}`, {
    hint: 'Write permission bits such as 644.',
  });
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

function decodeName(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A name that holds a percent sign and was sent as it is.
    if (error instanceof URIError) return text;
    throw error;
  }
}
