/** What a request on /v1/data says: who asks, about which path, with which options. Pure. */
import type { CallContext } from '../../api/file-service.js';
import { Code, StatusError } from '../../base/status.js';
import { headerCallId } from '../../net/header-identity.js';
import type { HttpExchange } from '../../net/http-exchange.js';
import { decodedPath } from '../../net/url-path.js';

export const DATA_PREFIX = '/v1/data/';

export function callOf({ identity, header, signal, source }: HttpExchange): CallContext {
  const { user, groups, clientId } = identity;
  return { caller: { user, groups, clientId, source }, callId: headerCallId(header), signal };
}

/** The path below the prefix; throws INVALID_ARGUMENT. */
export const dataPath = (path: string): string => decodedPath(path.slice(DATA_PREFIX.length - 1));

/** A switch of the query: absent, true or false. */
export function flagOf(parameters: URLSearchParams, name: string): boolean {
  const text = parameters.get(name);
  return text !== null && text !== 'false' && text !== '0';
}

/** Permission bits in octal; undefined: the default. */
export function modeOf(parameters: URLSearchParams): number | undefined {
  const text = parameters.get('mode');
  if (text === null) return undefined;
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8);
  throw new StatusError(Code.INVALID_ARGUMENT, `"${text}" is not an octal mode.`, {
    hint: 'Write permission bits such as 644.',
  });
}

/** Undefined: it was not given. */
export const wholeOf = (parameters: URLSearchParams, name: string): number | undefined =>
  numberOf(parameters.get(name), name, /^\d+$/, 10);

/** As an ETag has it. */
export const hexOf = (parameters: URLSearchParams, name: string): number | undefined =>
  numberOf(parameters.get(name), name, /^[0-9a-f]+$/, 16);

function numberOf(
  text: string | null,
  name: string,
  digits: RegExp,
  base: number,
): number | undefined {
  if (text === null) return undefined;
  const value = Number.parseInt(text, base);
  if (digits.test(text) && Number.isSafeInteger(value)) return value;
  throw new StatusError(Code.INVALID_ARGUMENT, `${name}=${text} is no whole number.`, {
    hint: `Write digits of base ${base} alone.`,
  });
}
