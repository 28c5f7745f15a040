/** What the configuration of a master started here would take from this machine. */
import { availableParallelism, totalmem } from 'node:os';
import type { Facts } from '../base/config.js';
import type { CliIo } from './io.js';

export const localFacts = (io: CliIo): Facts => ({
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  user: io.user,
  workingDirectory: io.workingDirectory,
});
