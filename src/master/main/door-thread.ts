/**
 * Thread entry: one door of the master, which is the HTTP port with its surfaces. It has an
 * executor and open stores, and asks main for what only main has. Several doors listen on one port.
 */

import { parentPort, workerData } from 'node:worker_threads';
import type { Environment } from '../../base/settings.js';
import { Code, StatusError } from '../../base/status.js';
import { HttpServer } from '../../net/http-server.js';
import { Channel } from '../../process/channel.js';
import { Metrics, readRows } from '../../process/metrics.js';
import { opened } from '../../process/opened.js';
import { healthRoutes } from '../../surfaces/admin/health-routes.js';
import { dataRoutes } from '../../surfaces/data/data-routes.js';
import { StoreCache } from '../background/store-cache.js';
import { storeRules, uploadNotes } from '../background/store-rules.js';
import { RefusedCalls } from '../executor/call-identity.js';
import { Executor } from '../executor/executor.js';
import { Scheduler } from '../executor/scheduler.js';
import { edgeCounters } from '../memory/counters.js';
import { instantiate } from '../memory/kernel.js';
import { CONTROL } from '../memory/layout.js';
import { OpeningGate } from '../memory/opening-gate.js';
import { SharedMemory } from '../memory/shared-memory.js';
import { State } from '../memory/state.js';
import { storeMeters } from '../mount/store-counters.js';
import { MasterFileService } from '../service/file-service.js';
import { Tier2 } from '../storage/tier2.js';
import { connectionBudget } from './connection-share.js';
import { readFigures } from './figures.js';
import { METRIC_ROWS, SKIP_ROWS } from './metric-rows.js';
import { ServingBugs } from './serving-bugs.js';
import { RemoteServices } from './shard-services.js';
import type { ThreadData } from './thread-data.js';
import type { MainQuestions, ServingQuestions } from './thread-questions.js';

export type DoorData = ThreadData & {
  /** Where `env:NAME` options of mounts are looked up. */
  readonly environment: Environment;
};

const EXIT_BUG = 70;

let isEnding = false;
const data = workerData as DoorData;
const { config } = data;
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
const counters = edgeCounters(shared, data.executor);
const { judge, die } = new ServingBugs({
  config,
  counters,
  thread: `door-${data.executor}`,
  serving: () => scheduler.running?.identity,
  abandon,
});
const scheduler = new Scheduler(executor, {
  parkedMax: config.callsParkedMax,
  onBug: judge,
  refused: new RefusedCalls(data.fatalCalls),
});
const stores = new StoreCache(executor.mounts, {
  environment: data.environment,
  timeoutMs: config.ufsTimeoutMs,
  rules: storeRules(config),
  uploadNotes: uploadNotes(config),
  meterOf: storeMeters(shared, data.executor),
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
const metrics = new Metrics(async () => [
  ...readRows(METRIC_ROWS, readFigures(shared, executor.kernel)),
  ...readRows(SKIP_ROWS, await channel.ask('skips', {})),
]);
const server = new HttpServer({
  host: config.host,
  port: config.httpPort,
  isShared: config.doorThreads > 1,
  allowedOrigins: config.allowedOrigins,
  routes: [
    ...healthRoutes(() => ({ serving: shared.load(CONTROL.STATE) === State.SERVING }), metrics),
    ...dataRoutes(new MasterFileService(scheduler, stores, config)),
  ],
  connections: connectionBudget(shared, config),
  counters,
  limits: { transferMsMax: config.transferTimeoutMs },
  onBug: judge,
});
await server.listen();
process.on('uncaughtException', die);
parentPort!.postMessage({ kind: 'ready' });

/** Lets transfers end, then ends the thread. */
async function drain(withinMs: number): Promise<void> {
  await server.drain(withinMs);
  scheduler.drain(new StatusError(Code.UNAVAILABLE, 'The master is stopping.'));
  server.close();
  await stores.close();
  setImmediate(() => process.exit(0));
}

/** Without an answer to anybody, as a shard does it. */
function abandon(): void {
  if (isEnding) return;
  isEnding = true;
  server.close();
  setImmediate(() => setImmediate(() => process.exit(EXIT_BUG)));
}
