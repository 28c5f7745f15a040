/** The configuration that a master started here would have. Loads the master's table only then. */
import { availableParallelism, totalmem } from 'node:os';
import type * as config from '../master/settings/config.js';
import type { CliIo } from './io.js';

type LocalConfig = {
  readonly config: config.Config;
  readonly describe: typeof config.describeConfig;
};

/** `dataDir`: given on the command line, before what the environment says. */
export async function localConfig(io: CliIo, dataDir?: string): Promise<LocalConfig> {
  const { describeConfig, parseConfig } = await import('../master/settings/config.js');
  const environment = dataDir === undefined ? io.env : { ...io.env, ORCHARD_DATA_DIR: dataDir };
  const facts = {
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    user: io.user,
    workingDirectory: io.workingDirectory,
  };
  return { config: parseConfig(environment, facts), describe: describeConfig };
}
