/**
 * Who calls over HTTP, by headers, the same on every port. Simple authentication: the caller is
 * believed.
 *
 *   x-orchard-user        a name; one that is not visible ASCII comes percent-encoded
 *   x-orchard-groups      such names, with commas between them; none is empty
 *   x-orchard-client-id   a whole number below 2^53
 *   x-orchard-call-id     with the client id: the same again is answered as the first was
 */
import { Code, StatusError } from '../base/status.js';
import type { HeaderOf } from './http-conditions.js';
import { checkIdentity, type Identity } from './identity.js';

export function headerIdentity(header: HeaderOf): Identity {
  const groups = header('x-orchard-groups');
  const names = groups.trim() === '' ? [] : groups.split(',').map((name) => decoded(name.trim()));
  return checkIdentity({
    clientId: wholeNumber(header('x-orchard-client-id'), 'client'),
    user: decoded(header('x-orchard-user')),
    groups: names,
    clientName: 'http',
  });
}

/** 0: the call has none. */
export const headerCallId = (header: HeaderOf): number =>
  wholeNumber(header('x-orchard-call-id'), 'call');

function wholeNumber(text: string, what: string): number {
  if (text === '') return 0;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new StatusError(Code.INVALID_ARGUMENT, `A ${what} id is a whole number below 2^53.`, {
    hint: `Send x-orchard-${what}-id as digits, or leave it out.`,
  });
}

/** A name that was sent raw and contains a percent sign stays unchanged. */
function decoded(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}
