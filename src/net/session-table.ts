/**
 * Opens and closes the further sessions of a connection. Their calls name them by number. A
 * connection that opens none pays nothing.
 *
 * Invariant: at most `sessionsMax` are open on one connection.
 */
import { Code, StatusError } from '../base/status.js';
import { CloseSession } from '../wire/generated/index.js';
import type { RequestCursor } from '../wire/request-cursor.js';
import { readOpenSession } from './handshake.js';
import { MemberSession } from './member-session.js';
import type { SocketSession } from './socket-session.js';

/** `cost`: what it counts in the budget of bytes, until it is closed. */
export function openSession(connection: SocketSession, request: RequestCursor, cost: number): void {
  const { number, identity } = readOpenSession(request);
  connection.members ??= new Map();
  const { members } = connection;
  if (members.has(number)) {
    throw new StatusError(Code.INVALID_ARGUMENT, `Session ${number} is open already.`);
  }
  const { sessionsMax } = connection.edge.limits;
  if (members.size >= sessionsMax) {
    connection.edge.counters.exhausted++;
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      `This connection carries ${sessionsMax} sessions already.`,
      { hint: 'Close one, open another connection, or raise ORCHARD_SESSIONS_PER_CONNECTION_MAX.' },
    );
  }
  members.set(number, new MemberSession(identity, connection.source, cost));
  connection.charge(cost);
  connection.edge.counters.sessions++;
}

/** Removes and returns the session; the caller ends its calls. */
export function closeSession(connection: SocketSession, request: RequestCursor): MemberSession {
  const number = new CloseSession().__init(request.body, request.buffer).session();
  const member = connection.members?.get(number);
  if (member === undefined) throw notOpen(number);
  connection.members?.delete(number);
  connection.edge.counters.sessions--;
  connection.refund(member.cost);
  member.open = false;
  return member;
}

export const notOpen = (number: number): StatusError =>
  new StatusError(Code.UNAUTHENTICATED, `Session ${number} is not open.`, {
    hint: 'Open it on this connection with OpenSession, then call again.',
  });
