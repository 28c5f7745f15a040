/**
 * What one edge accepts from one connection, and what it holds for a slow reader. Whoever starts
 * the edge can set them; these are the defaults.
 */
import { assert } from '../base/assert.js';
import { FRAME_BYTES_MAX } from '../base/limits.js';

export const PROTOCOL_VERSION = 1;

export type RpcLimits = {
  readonly frameBytesMax: number;
  /** Calls of one connection that wait for their last reply. */
  readonly inFlightMax: number;
  /** Sessions that one connection may open beside its own. */
  readonly sessionsMax: number;
  /** Calls of one such session that wait for their last reply. */
  readonly sessionInFlightMax: number;
  /** HTTP calls of this thread that wait for their last reply. */
  readonly httpInFlightMax: number;
  /**
   * What calls and sessions of one connection may make the thread hold (byte-budget.ts). A single
   * call is always taken.
   */
  readonly heldBytesMax: number;
  /** Unsent bytes of one connection from which on streams pause and new calls are refused. */
  readonly bufferedBytesHigh: number;
  /** Unsent bytes at which paused streams go on. */
  readonly bufferedBytesLow: number;
  /** Unsent bytes at which the connection is given up. */
  readonly bufferedBytesMax: number;
  /** From the upgrade to Hello: a silent client must not hold a connection for ever. */
  readonly helloMsMax: number;
  /** Without a message or a pong, in seconds. uWS counts in steps of four. */
  readonly idleSeconds: number;
  /** What a refused caller is told to wait. */
  readonly retryAfterMs: number;
};

export const rpcLimitsDefault: RpcLimits = {
  frameBytesMax: FRAME_BYTES_MAX,
  inFlightMax: 1024,
  sessionsMax: 1024,
  sessionInFlightMax: 256,
  httpInFlightMax: 4096,
  heldBytesMax: 64 << 20,
  bufferedBytesHigh: 1 << 20,
  bufferedBytesLow: 1 << 18,
  bufferedBytesMax: 64 << 20,
  helloMsMax: 10_000,
  idleSeconds: 120,
  retryAfterMs: 50,
};

export function checkRpcLimits(limits: RpcLimits): void {
  assert(limits.bufferedBytesLow < limits.bufferedBytesHigh, 'a paused stream must resume below');
  assert(limits.bufferedBytesHigh < limits.bufferedBytesMax, 'pause before giving up');
  assert(limits.heldBytesMax > 0, 'a connection may make the thread hold something');
  assert(limits.inFlightMax > 0, 'a connection may have a call in flight');
  assert(limits.sessionInFlightMax > 0, 'a session may have a call in flight');
  assert(limits.helloMsMax > 0, 'a connection may say Hello');
  assert(limits.idleSeconds === 0 || limits.idleSeconds >= 8, 'uWS refuses shorter idle times');
}
