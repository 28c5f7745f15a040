/**
 * One thread of the load generator: opens its connections, says so, waits for the word to begin,
 * and tells what it has measured.
 */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../src/base/assert.js';
import type { LoadShare } from './load/load-job.js';
import { LoadRun } from './load/load-run.js';

assert(parentPort !== null, 'load-thread is started by the load process');
const run = new LoadRun(workerData as LoadShare);
await run.open();
parentPort.postMessage('opened');
await once(parentPort, 'message');
parentPort.postMessage(await run.run());
