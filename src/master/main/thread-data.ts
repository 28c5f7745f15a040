/**
 * What main hands to every thread it starts, and which executor block each has.
 *
 *   0 … rpcThreads - 1      shards
 *   … + backgroundThreads   background pool
 *   … + doorThreads         doors: the HTTP port
 *   then                    main, writer, flusher (the last two use their block as scratch)
 */

import { OWN_EXECUTOR_COUNT } from '../../base/limits.js';
import type { CallIdentity } from '../executor/call-identity.js';
import type { Config } from '../settings/config.js';
import type { JournalPlace } from './open-journal.js';

export type ThreadData = {
  readonly memory: WebAssembly.Memory;
  readonly config: Config;
  /** Directory of tier 2. */
  readonly meta: string;
  readonly journal: JournalPlace;
  readonly clusterId: string;
  readonly version: string;
  /** Calls that ended an earlier master: they must not run again. */
  readonly fatalCalls: readonly CallIdentity[];
  /** Executor block of this thread. */
  readonly executor: number;
};

export type ExecutorPlan = {
  readonly shards: number;
  readonly firstBackground: number;
  readonly doors: number;
  readonly firstDoor: number;
  readonly main: number;
  readonly writer: number;
  readonly flusher: number;
  readonly count: number;
};

export function planExecutors(config: Config): ExecutorPlan {
  const firstDoor = config.rpcThreads + config.backgroundThreads;
  const main = firstDoor + config.doorThreads;
  return {
    shards: config.rpcThreads,
    firstBackground: config.rpcThreads,
    doors: config.doorThreads,
    firstDoor,
    main,
    writer: main + 1,
    flusher: main + 2,
    count: main + OWN_EXECUTOR_COUNT,
  };
}
