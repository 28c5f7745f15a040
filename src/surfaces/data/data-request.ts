/** What a request on /v1/data says: who asks, about which path, with which options. Pure. */
import type { CallContext } from '../../api/file-service.js';
import { Code, StatusError } from '../../base/status.js';
import { headerCallId } from '../../net/header-identity.js';
import type { HttpExchange } from '../../net/http-exchange.js';

export const DATA_PREFIX = '/v1/data/';

export function callOf({ identity, header, signal, source }: HttpExchange): CallContext {
  const { user, groups, clientId } = identity;
  return { caller: { user, groups, clientId, source }, callId: headerCallId(header), signal };
}

/** The path below the prefix, each component percent-decoded; throws INVALID_ARGUMENT. */
export function dataPath(path: string): string {
  // A byte that is no UTF-8 reads as U+FFFD; encoded it is a character like any other.
  if (!path.includes('\ufffd')) {
    try {
      const components = path.slice(DATA_PREFIX.length - 1).split('/');
      const decoded = components.map((component) => decodeURIComponent(component));
      // An encoded slash would be a separator where the sender meant a letter.
      if (decoded.every((component) => !component.includes('/'))) return decoded.join('/');
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
  }
  throw new StatusError(Code.INVALID_ARGUMENT, `"${path}" is not a percent-encoded path.`, {
    hint: 'Encode each component as encodeURIComponent does.',
  });
}

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
