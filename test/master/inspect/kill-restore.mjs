/**
 * Preloaded into `orchard admin restore` (`node --import`): SIGKILLs the process right after the
 * first call of one step, which ORCHARD_TEST_KILL_AFTER names.
 */
import { Wal } from '../../../dist/src/master/journal/local/wal.js';
import { Tier2 } from '../../../dist/src/master/storage/tier2.js';

const steps = {
  open: [Wal, 'open'],
  rows: [Tier2.prototype, 'transact'],
  entries: [Wal.prototype, 'append'],
  state: [Tier2.prototype, 'putState'],
  all: [Wal.prototype, 'close'],
};
const [target, name] = steps[process.env['ORCHARD_TEST_KILL_AFTER']];
const original = target[name];
target[name] = function (...given) {
  const result = original.apply(this, given);
  process.kill(process.pid, 'SIGKILL');
  return result;
};
