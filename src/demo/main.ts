/**
 * `npm run demo [-- --exit]`: a real master over real stores, what it does and how fast. Ends with
 * status 0 only if everything that it says was so.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../cli/master-process.js';
import { Demo } from './demo.js';
import { prepareDirectory } from './directory.js';
import { Screen } from './screen.js';
import { crash } from './steps/crash.js';
import { fillBucket } from './steps/fill-bucket.js';
import { loadMetadata } from './steps/load-metadata.js';
import { lookAround } from './steps/look-around.js';
import { measureRates } from './steps/measure-rates.js';
import { mountStores } from './steps/mount-stores.js';
import { moveTrees } from './steps/move-trees.js';
import { start } from './steps/start.js';
import { whatNext } from './steps/what-next.js';

const RPC_PORT = 19_998;
const HTTP_PORT = 19_999;
const TREE = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const STATUS_INTERRUPTED = 130;

const steps = [
  start,
  fillBucket,
  mountStores,
  loadMetadata,
  lookAround,
  moveTrees,
  crash,
  measureRates,
];

async function main(): Promise<void> {
  const stays = !process.argv.includes('--exit');
  const screen = new Screen(process.stdout);
  const place = {
    ...prepareDirectory(process.env['ORCHARD_DATA_DIR']),
    ...(await choosePorts(screen)),
    tree: TREE,
  };
  const demo = new Demo(place, screen);
  const interrupted = once(process, 'SIGINT').then(() => STATUS_INTERRUPTED);
  const terminated = once(process, 'SIGTERM').then(() => STATUS_INTERRUPTED);
  // The SDK's advice about Node versions is for its own users: it would only disturb the picture.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  screen.line('Orchard: one namespace over many stores');
  try {
    const run = async (): Promise<number> => {
      for (const step of steps) await step(demo);
      return 0;
    };
    process.exitCode = await Promise.race([run(), interrupted, terminated]);
    if (stays && process.exitCode === 0) {
      whatNext(demo);
      await Promise.race([interrupted, terminated, demo.master.ended]);
    }
  } finally {
    await demo.close();
  }
}

/** The usual ones if they are free. */
async function choosePorts(screen: Screen): Promise<{ rpcPort: number; httpPort: number }> {
  if ((await isFree(RPC_PORT)) && (await isFree(HTTP_PORT))) {
    return { rpcPort: RPC_PORT, httpPort: HTTP_PORT };
  }
  screen.line(`Ports ${RPC_PORT} and ${HTTP_PORT} are taken: others are used.`);
  return freePorts();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(`\nThe demo failed: ${error instanceof Error ? error.stack : String(error)}`);
    process.exit(1);
  },
);
