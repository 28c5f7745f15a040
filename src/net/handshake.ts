/** Reads the caller on a WebSocket: from Hello, and from OpenSession for further sessions. */
import { Code, StatusError } from '../base/status.js';
import type { ReplyEncoder } from '../wire/encode.js';
import { Hello, OpenSession, ReplyBody, Welcome } from '../wire/generated/index.js';
import type { RequestCursor } from '../wire/request-cursor.js';
import { checkIdentity, type Identity } from './identity.js';
import { PROTOCOL_VERSION, type RpcLimits } from './rpc-limits.js';

export type ServerIdentity = {
  readonly serverVersion: string;
  readonly clusterId: string;
};

export function readHello(request: RequestCursor): Identity {
  const hello = new Hello().__init(request.body, request.buffer);
  if (hello.version() !== PROTOCOL_VERSION) {
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      `This master does not speak protocol version ${hello.version()}.`,
      { hint: `Use a client of protocol version ${PROTOCOL_VERSION}.` },
    );
  }
  return identityOf(hello);
}

/** The number that the caller has chosen, and who it is. */
export function readOpenSession(request: RequestCursor): { number: number; identity: Identity } {
  const open = new OpenSession().__init(request.body, request.buffer);
  return { number: open.session(), identity: identityOf(open) };
}

function identityOf(from: Hello | OpenSession): Identity {
  const groups: string[] = [];
  for (let i = 0; i < from.groupsLength(); i++) groups.push(from.groups(i));
  return checkIdentity({
    clientId: from.clientId(),
    user: from.user(),
    groups,
    clientName: from.clientName() ?? '',
  });
}

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
    limits.sessionsMax,
    limits.sessionInFlightMax,
  );
  return encoder.finish(call, ReplyBody.Welcome, welcome);
}
