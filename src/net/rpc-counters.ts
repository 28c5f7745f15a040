/**
 * What one edge has seen since it began. Plain fields: the thread that owns them publishes them.
 */
export class RpcCounters {
  connections = 0;
  connectionsTotal = 0;
  /** Open ones beside those of the connections themselves. */
  sessions = 0;
  calls = 0;
  /** Calls that the edge itself refused or that failed with a status. */
  errors = 0;
  malformed = 0;
  /** Refused because of a limit. */
  exhausted = 0;
  bugs = 0;
  bytesIn = 0;
  bytesOut = 0;
  framesOut = 0;
  /** Connections given up: too slow, or not speaking the protocol. */
  dropped = 0;
}
