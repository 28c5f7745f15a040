/**
 * Who is calling. Simple authentication, as in Alluxio's and HDFS's default: the caller says who it
 * is and is believed; on a WebSocket by its first message (handshake.ts), over HTTP by headers
 * (header-identity.ts).
 */
import { Code, StatusError } from '../base/status.js';
import { checkBody } from '../wire/body-check.js';
import { REQUEST_NUMBERS } from '../wire/generated/union-numbers.js';

export type Identity = {
  readonly clientId: number;
  readonly user: string;
  readonly groups: readonly string[];
  readonly clientName: string;
};

/** Throws if it names no caller. The rules of Hello hold for headers too. */
export function checkIdentity(identity: Identity): Identity {
  const refusal = checkBody(REQUEST_NUMBERS.Hello, identity);
  if (refusal !== undefined) throw refusal;
  if (identity.user !== '') return identity;
  throw new StatusError(Code.UNAUTHENTICATED, 'The caller gave no user name.', {
    hint: 'Say Hello with a user name, or send the header x-orchard-user.',
  });
}
