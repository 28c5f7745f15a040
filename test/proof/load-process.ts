/**
 * A process of clients that call and record. recorded-load.ts starts it: the first message says
 * what to do, the second stops it. It reports answers as it goes.
 */
import { Random } from '../../bench/load/random.js';
import { OrchardClient } from '../../src/client/index.js';
import type { LoadOrder, LoadTold } from './load-order.js';
import { Recorder } from './recorder.js';
import { drawRequest } from './request-draw.js';

const TELL_MS = 25;
const DEADLINE_MS = 120_000;
const RECONNECT_MS = 120_000;
/** Of the clients, every so manieth tells of a lost connection instead of calling again. */
const ONE_SHOT_EVERY = 3;

const recorder = new Recorder();
let isStopping = false;

const tell = (isLast = false, sent?: () => void): void => {
  const { operations, toldNs } = recorder.take();
  const message: LoadTold = { operations, toldNs, isLast };
  process.send?.(message, undefined, undefined, sent);
};

async function load(order: LoadOrder): Promise<void> {
  const timer = setInterval(tell, TELL_MS);
  const clients = Array.from({ length: order.clients }, (_, i) => runClient(order, i));
  await Promise.all(clients);
  clearInterval(timer);
  tell(true, () => process.disconnect());
}

async function runClient(order: LoadOrder, index: number): Promise<void> {
  const number = order.firstClient + index;
  const client = await OrchardClient.connect({
    port: order.port,
    user: 'root',
    clientName: `proof-${number}`,
    deadlineMs: DEADLINE_MS,
    // The master may be killed before this one has ever been connected.
    connectMs: RECONNECT_MS,
    reconnectMs: RECONNECT_MS,
    inFlightMax: order.depth,
  });
  const random = new Random(order.seed * 1000 + number);
  const by = { number, retry: number % ONE_SHOT_EVERY !== 0 };
  const lane = async (): Promise<void> => {
    while (!isStopping) await recorder.run(client, by, drawRequest(random, order));
  };
  await Promise.all(Array.from({ length: order.depth }, lane));
  await client.close();
}

process.on('message', (message: LoadOrder | 'stop') => {
  if (message === 'stop') {
    isStopping = true;
    return;
  }
  load(message).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
