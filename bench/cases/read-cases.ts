/**
 * getStatus and batchGetStatus: files drawn at random from the tree, by full path.
 */
import type { Work } from '../load/load-job.js';
import { type Bench, type Goal, type Measure, perSecond } from '../measure.js';

const BATCH_PATHS = 256;

export const measureGetStatus = (
  bench: Bench,
  shape: { connections: number; depth: number; goal: Goal },
): Promise<Measure> =>
  measure(bench, 'getStatus', shape, { verb: 'getStatus', kind: 'f', ...tree(bench) });

export const measureBatchGetStatus = (
  bench: Bench,
  shape: { connections: number; depth: number; goal: Goal },
): Promise<Measure> =>
  measure(bench, 'batchGetStatus', shape, {
    verb: 'batchGetStatus',
    kind: 'f',
    perFrame: BATCH_PATHS,
    ...tree(bench),
  });

async function measure(
  bench: Bench,
  op: 'getStatus' | 'batchGetStatus',
  shape: { connections: number; depth: number; goal: Goal },
  work: Work,
): Promise<Measure> {
  const result = await bench.load.run({
    target: bench.master.target,
    work,
    connections: shape.connections,
    depth: shape.depth,
    seconds: bench.sizes.seconds,
    warmSeconds: bench.sizes.warmSeconds,
    seed: bench.seed,
  });
  return { op, ...shape, opsPerSecond: perSecond(result), result };
}

const tree = ({ sizes }: Bench) => ({
  paths: { shape: 'spread', directories: sizes.directories } as const,
  end: sizes.files,
});
