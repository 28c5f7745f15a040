/**
 * One of the further sessions of a connection: its caller, and the number of its waiting calls.
 * Everything about bytes belongs to the connection, so a session costs only a map entry and this
 * object.
 */
import type { Identity } from './identity.js';
import type { Session } from './rpc-handler.js';

export class MemberSession implements Session {
  readonly clientId: number;
  readonly user: string;
  readonly groups: readonly string[];
  readonly clientName: string;
  /** The connection's. */
  readonly source: string;
  /** What it counts in the connection's bytes. */
  readonly cost: number;
  attachment: unknown = undefined;
  open = true;
  /** Calls that did not end within their own message callback. */
  inFlight = 0;

  constructor(identity: Identity, source: string, cost: number) {
    this.clientId = identity.clientId;
    this.user = identity.user;
    this.groups = identity.groups;
    this.clientName = identity.clientName;
    this.source = source;
    this.cost = cost;
  }
}
