/**
 * Thread entry: one RPC shard with its sockets, an executor of its own, and the channel to main.
 */

import { workerData } from 'node:worker_threads';
import { listenRpc } from '../../net/listen.js';
import { CoreWait } from '../../process/core-wait.js';
import { opened } from '../../process/opened.js';
import { pauseExecutor } from '../executor/wake.js';
import { ShardHandler } from '../handler/shard-handler.js';
import { connectionBudget } from './connection-share.js';
import { heldBytesAccount } from './held-bytes.js';
import { Serving } from './serving.js';
import type { ThreadData } from './thread-data.js';

const data = workerData as ThreadData;
const { config } = data;
// Everything is loaded; it must not look at the namespace before the writer's replay has ended.
await opened();
const serving = new Serving(data, {
  role: 'shard',
  onTurnEnd: () => server.outbox.flush(),
  serving: () => handler.serving,
});
const { shared, scheduler, services, refused, judge: onBug } = serving;
const handler = new ShardHandler({ scheduler, services, onBug, refused });
const cores = new CoreWait();
const server = await listenRpc({
  port: config.rpcPort,
  host: config.host,
  allowedOrigins: config.allowedOrigins,
  handler,
  connections: connectionBudget(shared, config),
  heldBytes: heldBytesAccount(shared, config),
  counters: serving.counters,
  limits: {
    heldBytesMax: config.heldBytesPerConnectionMax,
    inFlightMax: config.callsInFlightMax,
    sessionsMax: config.sessionsPerConnectionMax,
    sessionInFlightMax: config.callsPerSessionMax,
  },
  pause: (ms) => {
    if (cores.isShort(performance.now())) pauseExecutor(shared, data.executor, ms);
  },
  serverVersion: data.version,
  clusterId: data.clusterId,
  onBug,
});
serving.begin(server);
