/**
 * listStatus: every entry of one huge directory with its attributes, streamed as replies of one
 * call.
 * The first run is not counted: it waits until what was just created is in tier 2. It is told
 * beside.
 */
import { assertClean, type Bench, type Goal, type Measure, perSecond } from '../measure.js';
import { makeFiles } from '../setup.js';

const MS = 1000;

export async function measureListStatus(bench: Bench, goal: Goal): Promise<Measure> {
  const { listEntries, listRuns } = bench.sizes;
  const paths = { shape: 'flat' } as const;
  await makeFiles(bench, { paths, kind: 'f', first: 0, end: listEntries });

  const list = (repeat: number) =>
    bench.load.run({
      target: bench.master.target,
      work: { verb: 'listStatus', kind: 'f', paths, path: '/flat', repeat },
      connections: 1,
      depth: 1,
      warmSeconds: 0,
      seed: bench.seed,
    });
  const first = assertClean(await list(1), 'the first listing');
  const counted = await list(listRuns);
  const wanted = listEntries * listRuns;
  const result =
    counted.operations === wanted
      ? counted
      : {
          ...counted,
          errors: counted.errors + 1,
          firstError: `${counted.operations} entries were listed instead of ${wanted}`,
        };
  const firstSeconds = (first.maxMs / MS).toFixed(2);
  return {
    op: 'listStatus',
    connections: 1,
    depth: 1,
    goal,
    opsPerSecond: perSecond(result),
    seconds: result.p50Ms / MS,
    result,
    note: `${listEntries} entries; the first time, with the flush, ${firstSeconds} s`,
  };
}
