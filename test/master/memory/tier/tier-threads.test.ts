/**
 * Goal: what threads see of each other in tier 1. No record is torn, nothing stale is ever cached,
 * a rename is seen whole. Method: one writer and two readers over one memory (tier-thread.mjs, on
 * the built dist/); every field of a record follows from its seq.
 */
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CONTROL } from '../../../../src/master/memory/layout.js';
import { planLayout } from '../../../../src/master/memory/layout-plan.js';
import { SharedMemory } from '../../../../src/master/memory/shared-memory.js';

const THREAD = new URL('./tier-thread.mjs', import.meta.url);
const READERS = 2;

type Role = { readonly name: 'write' | 'read' | 'walk'; readonly tree: boolean };
type Options = {
  readonly tier1Bytes: number;
  readonly entries: number;
  readonly keyCount: number;
  readonly filterBytes?: number;
};
type Counts = Record<string, number>;

async function run(roles: readonly Role[], options: Options): Promise<Counts[]> {
  const shared = SharedMemory.create(
    planLayout({
      executorCount: roles.length,
      tier1Bytes: options.tier1Bytes,
      lockStripeCount: 64,
      ringBytes: 4096,
      sideRingBytes: 4096,
      retryEntryCount: 64,
      filterBytes: options.filterBytes ?? 0,
    }),
  );
  shared.store(CONTROL.EPOCH, 1);
  const board = new Int32Array(new SharedArrayBuffer(8 + options.keyCount * 8));
  const outcomes = roles.map((role, executor) => {
    const workerData = {
      ...options,
      memory: shared.memory,
      board,
      executor,
      role,
      readers: READERS,
    };
    const worker = new Worker(THREAD, { workerData });
    return new Promise<Counts>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', (error) => {
        // The others end too: a failed test must not hang.
        Atomics.store(board, 1, 1);
        reject(error);
      });
    });
  });
  return Promise.all(outcomes);
}

const roles = (reader: 'read' | 'walk'): Role[] => {
  const tree = reader === 'walk';
  return [
    { name: 'write', tree },
    ...Array.from({ length: READERS }, () => ({ name: reader, tree })),
  ];
};

describe('threads over one tier 1', () => {
  it.each([0, 4096])(
    'see whole records, none too old, while slots are evicted (%i bytes of filter)',
    async (filterBytes) => {
      const options = { tier1Bytes: 1, entries: 60_000, keyCount: 120, filterBytes };
      const [written, ...seen] = await run(roles('read'), options);
      expect(written!['flushes']).toBeGreaterThan(100);
      for (const counts of seen) {
        expect(counts['found']).toBeGreaterThan(1000);
        expect(counts['filled']).toBeGreaterThan(100);
      }
    },
  );

  it('see a rename whole: one place, and the children of one moment', async () => {
    const options = { tier1Bytes: 1 << 20, entries: 60_000, keyCount: 1 };
    const [, ...seen] = await run(roles('walk'), options);
    for (const counts of seen) {
      expect(counts['found']).toBeGreaterThan(1000);
      expect(counts['pairs']).toBeGreaterThan(100);
    }
  });
});
