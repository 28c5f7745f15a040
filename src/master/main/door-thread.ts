/**
 * Thread entry: one door of the master, which is the HTTP port with its surfaces. It has an
 * executor and open stores, and asks main for what only main has. Several doors listen on one port.
 */

import { workerData } from 'node:worker_threads';
import type { Environment } from '../../base/settings.js';
import { HttpServer } from '../../net/http-server.js';
import { Metrics, readRows } from '../../process/metrics.js';
import { opened } from '../../process/opened.js';
import { healthRoutes } from '../../surfaces/admin/health-routes.js';
import { dataRoutes } from '../../surfaces/data/data-routes.js';
import { webhdfsRoutes } from '../../surfaces/webhdfs/webhdfs-routes.js';
import { openStores } from '../background/open-stores.js';
import { uploadNotes } from '../background/store-rules.js';
import { CONTROL } from '../memory/layout.js';
import { State } from '../memory/state.js';
import { MasterFileService } from '../service/file-service.js';
import { connectionBudget } from './connection-share.js';
import { readFigures } from './figures.js';
import { heldBytesAccount } from './held-bytes.js';
import { METRIC_ROWS, SKIP_ROWS } from './metric-rows.js';
import { Serving } from './serving.js';
import type { ThreadData } from './thread-data.js';

export type DoorData = ThreadData & {
  /** Where `env:NAME` options of mounts are looked up. */
  readonly environment: Environment;
};

const data = workerData as DoorData;
const { config } = data;
await opened();
const serving = new Serving(data, { role: 'door', close: () => stores.close() });
const { shared, executor, scheduler, channel } = serving;
const stores = openStores(executor, config, data.environment, {
  uploadNotes: uploadNotes(config),
});
const files = new MasterFileService(scheduler, stores, config);
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
    ...dataRoutes(files),
    ...webhdfsRoutes(files),
  ],
  connections: connectionBudget(shared, config),
  counters: serving.counters,
  heldBytes: heldBytesAccount(shared, config),
  limits: { transferMsMax: config.transferTimeoutMs },
  onBug: serving.judge,
});
await server.listen();
serving.begin(server);
