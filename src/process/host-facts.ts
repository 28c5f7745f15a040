/** What the configuration takes from the machine and the process. */
import { availableParallelism, totalmem, userInfo } from 'node:os';
import type { Facts } from '../base/setting.js';

export const hostFacts = (): Facts => ({
  cores: availableParallelism(),
  memoryBytes: Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem()),
  user: userInfo().username,
  workingDirectory: process.cwd(),
});
