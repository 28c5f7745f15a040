/**
 * Many clients in processes of their own, on a real master with several RPC threads that is killed
 * and started again. All answers fit one order of all calls, in which each call takes effect
 * between its start and its return.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { MasterProcess } from '../cli/master-process.js';
import { RecordedLoad } from './recorded-load.js';

const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000);
/** Of each tier; half of them before the master is killed. */
const OPERATIONS = Number(process.env['ORCHARD_TEST_OPERATIONS'] ?? 25_000);
const TIMEOUT_MS = 600_000;

let master: MasterProcess | undefined;
let load: RecordedLoad | undefined;

afterEach(async () => {
  load?.abandon();
  await master?.remove();
});

async function checked(operations: number): Promise<void> {
  for (;;) {
    const { checker, failure } = load!;
    if (failure !== undefined) throw failure;
    if (checker.counts.operations >= operations || checker.violation !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe(`linearizability (seed ${seed})`, () => {
  it.each(['64KiB', '16MiB'])(
    'over a crash, with %s of tier 1',
    async (tier1Bytes) => {
      master = await MasterProcess.create({
        ORCHARD_TIER1_BYTES: tier1Bytes,
        ORCHARD_RPC_THREADS: '2',
      });
      await master.start();
      load = await RecordedLoad.start({
        port: master.rpcPort,
        seed,
        processes: 2,
        clients: 8,
        depth: 3,
        files: 24,
        trees: 20,
      });
      await checked(OPERATIONS / 2);
      load.dying();
      await master.stop('SIGKILL');
      load.dead();
      await master.start();
      await checked(OPERATIONS);
      await load.stop();
      const { violation, counts } = load.checker;
      console.log(JSON.stringify({ seed, tier1Bytes, ...counts }));
      expect(violation).toBeUndefined();
      expect(counts.operations).toBeGreaterThanOrEqual(OPERATIONS);
      expect(counts.open, 'calls were in flight when it was killed').toBeGreaterThan(0);
      expect(counts.joins).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
