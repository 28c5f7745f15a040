/**
 * What the connections bench asks of the fleet's process and what it is told: plain data that
 * travels as JSON.
 */
import type { LatencySummary } from './latencies.js';
import type { LoadTarget } from './load-job.js';
import type { PathShape } from './path-pattern.js';

export type FleetJob = {
  readonly target: LoadTarget;
  readonly sockets: number;
  /** Over all sockets; each socket has one of its own, the others are opened on it. */
  readonly sessions: number;
  /** Loopback addresses that the sockets come from, 127.0.0.2 onwards. */
  readonly sources: number;
  /** Calls a second of each session. */
  readonly ratePerSession: number;
  /** Of each steady phase. */
  readonly seconds: number;
  /** After the loss of all connections, each comes back at a random moment within this. */
  readonly spreadSeconds: number;
  readonly paths: PathShape;
  readonly files: number;
  readonly seed: number;
};

export type FleetPhase = LatencySummary & {
  readonly phase: 'open' | 'sessions' | 'steady' | 'storm' | 'after the storm';
  readonly elapsedMs: number;
  /** Connections, sessions or calls that the phase brought. */
  readonly count: number;
  readonly errors: number;
  readonly firstError?: string;
  readonly rssBytes: number;
  /** Of the kernel, for all TCP sockets of the machine, both ends. */
  readonly kernelTcpBytes: number;
  readonly serverCpu: number;
  readonly clientCpu: number;
  /** Calls that the session with the fewest and the most answers got. */
  readonly answersMin?: number;
  readonly answersMax?: number;
  /** Storm: attempts that failed and were made again. */
  readonly attemptsAgain?: number;
  /** Of the first of them. */
  readonly lossReason?: string;
  readonly latencies: string;
};

export type FleetMessage =
  | { readonly phase: FleetPhase }
  | { readonly failure: string }
  | { readonly done: true };
