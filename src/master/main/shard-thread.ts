/**
 * Thread entry: one RPC shard with its sockets, an executor of its own, and the channel to main.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { Code, StatusError } from '../../base/status.js';
import { listenRpc } from '../../net/listen.js';
import { Channel } from '../../process/channel.js';
import { CoreWait } from '../../process/core-wait.js';
import { opened } from '../../process/opened.js';
import { RefusedCalls } from '../executor/call-identity.js';
import { Executor } from '../executor/executor.js';
import { Scheduler } from '../executor/scheduler.js';
import { pauseExecutor } from '../executor/wake.js';
import { ShardHandler } from '../handler/shard-handler.js';
import { edgeCounters } from '../memory/counters.js';
import { instantiate } from '../memory/kernel.js';
import { OpeningGate } from '../memory/opening-gate.js';
import { SharedMemory } from '../memory/shared-memory.js';
import { Tier2 } from '../storage/tier2.js';
import { connectionBudget } from './connection-share.js';
import { ServingBugs } from './serving-bugs.js';
import { RemoteServices } from './shard-services.js';
import type { ThreadData } from './thread-data.js';
import type { MainQuestions, ServingQuestions } from './thread-questions.js';

const EXIT_BUG = 70;

let isEnding = false;
const data = workerData as ThreadData;
const { config } = data;
// Everything is loaded; it must not look at the namespace before the writer's replay has ended.
await opened();
const shared = new SharedMemory(data.memory);
const gate = new OpeningGate(shared);
const services = new RemoteServices();
const executor = new Executor({
  index: data.executor,
  shared,
  kernel: instantiate(data.memory, data.executor),
  tier2: new Tier2(data.meta, { mapBytes: config.tier2MapBytes, gate }),
  supergroup: config.supergroup,
  superuser: config.superuser,
  permissions: config.permissions,
  umask: config.umask,
  trashRetentionMs: config.trashRetentionMs,
  loader: services.loader,
});
const refused = new RefusedCalls(data.fatalCalls);
const counters = edgeCounters(shared, data.executor);
const { judge, die } = new ServingBugs({
  config,
  counters,
  thread: `shard-${data.executor}`,
  serving: () => scheduler.running?.identity ?? handler.serving,
  abandon,
});
const scheduler = new Scheduler(executor, {
  parkedMax: config.callsParkedMax,
  onBug: judge,
  refused,
  onTurnEnd: () => server.outbox.flush(),
});
const channel = new Channel<MainQuestions, ServingQuestions>(
  parentPort!,
  {
    ...services.answers,
    locks: () => scheduler.report(performance.now()),
    abandon,
    drain: ({ withinMs }) => drain(withinMs),
  },
  die,
);
services.connect(channel);
const handler = new ShardHandler({ scheduler, services, onBug: judge, refused });
const cores = new CoreWait();
const server = await listenRpc({
  port: config.rpcPort,
  host: config.host,
  allowedOrigins: config.allowedOrigins,
  handler,
  connections: connectionBudget(shared, config),
  counters,
  limits: {
    inFlightMax: config.callsInFlightMax,
    sessionsMax: config.sessionsPerConnectionMax,
    sessionInFlightMax: config.callsPerSessionMax,
  },
  pause: (ms) => {
    if (cores.isShort(performance.now())) pauseExecutor(shared, data.executor, ms);
  },
  serverVersion: data.version,
  clusterId: data.clusterId,
  onBug: judge,
});
// Not before: the error of its thread says what keeps a shard from starting.
process.on('uncaughtException', die);
parentPort!.postMessage({ kind: 'ready' });

/** Answers what is in flight, then ends the thread. */
async function drain(withinMs: number): Promise<void> {
  await server.drain(withinMs);
  scheduler.drain(new StatusError(Code.UNAVAILABLE, 'The master is stopping.'));
  server.close();
  setImmediate(() => process.exit(0));
}

/**
 * Ends the thread without an answer to anybody. uWebSockets gives its handles back in the turn
 * after the one that closed them, and node aborts the process over a thread that still has some.
 */
function abandon(): void {
  if (isEnding) return;
  isEnding = true;
  server.abandon();
  setImmediate(() => setImmediate(() => process.exit(EXIT_BUG)));
}
