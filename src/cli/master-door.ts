/**
 * The one way from the command line into the master's code, taken by `orchard master start` and by
 * the commands about a data directory that no master runs on: every other command runs without it,
 * and loads none of it.
 */
import type { ImportOrder, ImportOutcome, OfflineMaster } from './io.js';

type Environment = Readonly<Record<string, string | undefined>>;

export async function startMaster(environment: NodeJS.ProcessEnv): Promise<void> {
  const master = await import('../master/main/main.js');
  await master.startMaster(environment);
}

export async function importTree(
  environment: Environment,
  order: ImportOrder,
): Promise<ImportOutcome> {
  const { importTree: run } = await import('../master/main/import-main.js');
  return run(environment, order);
}

export async function dropImport(environment: Environment): Promise<string | undefined> {
  const { dropUnfinished } = await import('../master/main/import-main.js');
  return dropUnfinished(environment);
}

export async function offlineMaster(environment: NodeJS.ProcessEnv): Promise<OfflineMaster> {
  const { Offline } = await import('../master/main/offline.js');
  return new Offline(environment);
}
