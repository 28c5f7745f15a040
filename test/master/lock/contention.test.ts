/**
 * Goal: with real threads, writers of a stripe are alone, everybody gets their turn, and nothing
 * stays behind. Method: contention-thread.mjs. Run with ORCHARD_TEST_SEED to repeat a failure, and
 * with ORCHARD_TEST_ROUNDS for longer.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CONTROL } from '../../../src/master/memory/layout.js';
import { lockMemory, lockTables } from './lock-kit.js';

const THREADS = 4;
const ENTRY = new URL('./contention-thread.mjs', import.meta.url);
const BUILT = new URL('../../../dist/src/master/lock/lock-table.js', import.meta.url);
const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const rounds = Number(process.env['ORCHARD_TEST_ROUNDS'] ?? 3000);

/** Words of each thread's results, 32 bytes apart. */
const Result = { TORN: 0, WAITS: 1, WAIT_MS_MAX: 2, SWEPT: 3, WRITES: 4 } as const;

describe.each([1, 3, 24])('threads over %i stripes', (stripes) => {
  it(`exclude each other, and all come to an end (seed ${seed})`, async () => {
    expect(existsSync(BUILT), 'dist/ is built (npx tsc -p tsconfig.json)').toBe(true);
    const shared = lockMemory(THREADS);
    const guarded = new SharedArrayBuffer((stripes * 2 + THREADS) * 4);
    const gate = new SharedArrayBuffer(8);
    const results = new SharedArrayBuffer(THREADS * 32);
    const threads = Array.from({ length: THREADS }, (_, executor) => {
      const { memory } = shared;
      const data = { memory, guarded, gate, results, executor, seed: seed + executor };
      return new Worker(ENTRY, { workerData: { ...data, rounds, stripes } });
    });
    const ends = threads.map((thread) => once(thread, 'exit'));
    await Promise.all(threads.map((thread) => once(thread, 'online')));
    await allAtTheGate(new Int32Array(gate));
    expect((await Promise.all(ends)).map(([code]) => code)).toEqual(threads.map(() => 0));

    const of = (word: number): number[] =>
      threads.map((_, executor) => new Int32Array(results, executor * 32, 8)[word]!);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    expect(sum(of(Result.TORN)), 'nobody was in between').toBe(0);
    const words = new Int32Array(guarded);
    const raised = Array.from({ length: stripes }, (_, stripe) => words[stripe * 2]!);
    expect(sum(raised), 'no write was lost').toBe(sum(of(Result.WRITES)));
    expect(Math.max(...of(Result.WAIT_MS_MAX)), 'waits are bounded').toBeLessThan(5000);
    expect(sum(of(Result.SWEPT)), 'hardly any wake-up needs the sweep').toBeLessThan(20);
    const [table] = lockTables(shared, 1);
    for (let stripe = 0; stripe < stripes; stripe++) {
      expect(table!.inspect(stripe)).toEqual({ writer: undefined, readers: 0, ticket: 0 });
    }
    expect(shared.load(CONTROL.LOCK_PARKED)).toBe(0);
  });
});

/** Word 0 counts who has come; word 1 opens the gate. */
async function allAtTheGate(gate: Int32Array): Promise<void> {
  for (let come = Atomics.load(gate, 0); come < THREADS; come = Atomics.load(gate, 0)) {
    const change = Atomics.waitAsync(gate, 0, come);
    if (change.async) await change.value;
  }
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
}
