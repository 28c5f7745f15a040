/** What an executor checks between its turns: each check finds the fault that it is for. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SharedStateError } from '../../../src/base/assert.js';
import type { Executor } from '../../../src/master/executor/executor.js';
import { TurnChecks } from '../../../src/master/executor/turn-checks.js';
import { NO_TICKET } from '../../../src/master/lock/lock-table.js';
import { CONTROL, EXECUTOR, WRITE } from '../../../src/master/memory/layout.js';
import { Fixture } from '../../support/fixture.js';
import { locks } from '../lock/lock-kit.js';
import { Namespace } from '../ops/mutations/namespace.js';

let names: Namespace;
let executor: Executor;
beforeEach(async () => {
  names = new Namespace();
  ({ executor } = names.fixture);
  await names.mkdir('/d');
});
afterEach(() => names.close());

it('a lock that no call gives back', () => {
  const checks = new TurnChecks(executor);
  checks.checkLocks([]);
  expect(executor.locks.tryAcquire(locks([3]), NO_TICKET)).toBe(true);
  expect(() => checks.checkLocks([])).toThrow(SharedStateError);
  executor.locks.release(locks([3]));
  checks.checkLocks([]);
});

it('what an earlier call left in the scratch memory', async () => {
  expect(executor.walkA.depth).toBe(0xdbdbdbdb);
  expect(names.stat('/d')).toBeDefined();
  expect(executor.walkA.depth).toBe(1);
  await names.createFile('/f');
  expect(executor.walkA.depth).toBe(0xdbdbdbdb);
});

it.each([
  ['written beyond the ring', EXECUTOR.RING_HEAD, 2 ** 21, /a ring holds no more/],
  ['taken before it was written', EXECUTOR.RING_TAIL, 8, /the writer takes only what is written/],
  ['freed before it was written', EXECUTOR.WRITE + WRITE.FREED, 8, /a ring holds no more/],
  ['freed once more', EXECUTOR.WRITE + WRITE.FREED, -8, /what is freed stays free/],
])('positions of a ring: %s', (_, word, by, says) => {
  const checks = new TurnChecks(executor);
  checks.afterTurn([]);
  executor.shared.i32[(executor.base + word) >> 2]! += by;
  expect(() => checks.afterTurn([])).toThrow(says);
  executor.shared.i32[(executor.base + word) >> 2]! -= by;
});

it('are there only with ORCHARD_INVARIANTS', async () => {
  const plain = Fixture.open({ checked: false });
  try {
    expect(plain.executor.checks).toBeUndefined();
    expect(plain.shared.fixed(CONTROL.CHECKED)).toBe(0);
  } finally {
    await plain.close();
  }
});
