/**
 * What the bench asks of the process that loads a peer, and what it is told: plain data.
 */
import type { Dialect, PeerWork } from './dialect.js';
import { etcdDialect } from './etcd-dialect.js';
import { moosefsDialect } from './moosefs-dialect.js';
import { redisDialect } from './redis-dialect.js';
import { zookeeperDialect } from './zookeeper-dialect.js';

export const protocols = ['redis', 'etcd', 'zookeeper', 'moosefs'] as const;
export type Protocol = (typeof protocols)[number];

export type PeerTarget = {
  readonly host: string;
  readonly port: number;
  /** Of the server, for its CPU time. */
  readonly pid: number;
};

export type PeerJob = {
  readonly protocol: Protocol;
  readonly target: PeerTarget;
  readonly work: PeerWork;
  readonly connections: number;
  readonly depth: number;
  /** Ends after so long; without it when the work is used up. */
  readonly seconds?: number;
  readonly warmSeconds: number;
  readonly seed: number;
};

/** What a case of any system comes to. */
export type Figures = {
  /** Within the counted time; entries for listings. */
  readonly operations: number;
  readonly elapsedMs: number;
  /** null: the tool that measured does not say. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** CPU seconds a second: 1 is one core busy. */
  readonly serverCpu: number;
  readonly clientCpu: number;
  readonly errors: number;
  readonly firstError?: string | undefined;
};

export type PeerResult = Figures & {
  /** Index after the last file that was sent. */
  readonly next: number;
};

export type PeerAnswer = { readonly result: PeerResult } | { readonly failure: string };

export function dialectOf({ protocol, work, seed, target }: PeerJob): Dialect {
  switch (protocol) {
    case 'redis':
      return redisDialect(work, seed);
    case 'etcd':
      return etcdDialect(work, seed, `${target.host}:${target.port}`);
    case 'zookeeper':
      return zookeeperDialect(work, seed);
    case 'moosefs':
      return moosefsDialect(work, seed);
  }
}
