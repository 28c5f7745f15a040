/**
 * Who is calling. Simple authentication, as in Alluxio's and HDFS's default: the caller says who it
 * is and is believed; on a WebSocket by Hello, over HTTP by headers.
 */
import { CALLER_GROUPS_MAX, INTERNED_BYTES_MAX } from '../base/limits.js';
import { Code, StatusError } from '../base/status.js';
import type { ReplyEncoder } from '../protocol/encode.js';
import { Hello, ReplyBody, Welcome } from '../protocol/generated/index.js';
import type { RequestCursor } from '../protocol/request-cursor.js';
import { PROTOCOL_VERSION, type RpcLimits } from './rpc-limits.js';

export type Identity = {
  readonly clientId: number;
  readonly user: string;
  readonly groups: readonly string[];
  readonly clientName: string;
};

export type ServerIdentity = {
  readonly serverVersion: string;
  readonly clusterId: string;
};

export function readHello(request: RequestCursor): Identity {
  const hello = new Hello().__init(request.body, request.buffer);
  if (hello.version() !== PROTOCOL_VERSION) {
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      `protocol version ${hello.version()} is not spoken here`,
      { hint: `Use a client of protocol version ${PROTOCOL_VERSION}.` },
    );
  }
  if (hello.groupsLength() > CALLER_GROUPS_MAX) throw tooManyGroups(hello.groupsLength());
  const groups: string[] = [];
  for (let i = 0; i < hello.groupsLength(); i++) groups.push(hello.groups(i));
  return checked({
    clientId: hello.clientId(),
    user: hello.user(),
    groups,
    clientName: hello.clientName() ?? '',
  });
}

/** Header values as they came; '' = absent. */
export function readHeaders(user: string, groups: string, clientId: string): Identity {
  const id = clientId === '' ? 0 : Number(clientId);
  const names = groups === '' ? [] : groups.split(',').map((group) => group.trim());
  if (names.length > CALLER_GROUPS_MAX) throw tooManyGroups(names.length);
  return checked({ clientId: id, user, groups: names, clientName: 'http' });
}

function checked(identity: Identity): Identity {
  if (identity.user === '') {
    throw new StatusError(Code.UNAUTHENTICATED, 'the caller gave no user name', {
      hint: 'Say Hello with a user name, or send the header x-orchard-user.',
    });
  }
  if (!Number.isSafeInteger(identity.clientId) || identity.clientId < 0) {
    throw new StatusError(Code.INVALID_ARGUMENT, 'a client id is a whole number below 2^53');
  }
  for (const name of [identity.user, ...identity.groups]) {
    if (name === '' || Buffer.byteLength(name) > INTERNED_BYTES_MAX) {
      throw new StatusError(
        Code.INVALID_ARGUMENT,
        `user and group names have 1 to ${INTERNED_BYTES_MAX} bytes`,
      );
    }
  }
  return identity;
}

const tooManyGroups = (count: number): StatusError =>
  new StatusError(
    Code.INVALID_ARGUMENT,
    `${count} groups are more than the ${CALLER_GROUPS_MAX} that are looked at`,
  );

export function encodeWelcome(
  encoder: ReplyEncoder,
  call: number,
  server: ServerIdentity,
  limits: RpcLimits,
): Uint8Array {
  const builder = encoder.begin();
  const version = builder.createString(server.serverVersion);
  const cluster = builder.createString(server.clusterId);
  const welcome = Welcome.createWelcome(
    builder,
    PROTOCOL_VERSION,
    version,
    cluster,
    limits.frameBytesMax,
    limits.inFlightMax,
    Date.now(),
  );
  return encoder.finish(call, ReplyBody.Welcome, welcome);
}
