/** Step: a real master with embedded defaults, as `orchard master start` gives it. */
import { relative } from 'node:path';
import type { Demo } from '../demo.js';
import { spanText } from '../screen.js';

export async function start(demo: Demo): Promise<void> {
  const { screen, place } = demo;
  screen.step('A master with embedded defaults');
  screen.command('orchard master start');
  const master = await demo.startMaster();
  screen.fact(
    `process ${master.pid} ready in ${spanText(master.readyMs)}: ` +
      `calls on ${master.host}:${master.rpcPort}, data on ${master.host}:${master.httpPort}`,
  );
  const here = process.cwd();
  screen.fact(`data in ${relative(here, place.dataDir)}, log in ${relative(here, place.logFile)}`);
}
