/**
 * Are hot reads as fast over a large tree as over a small one? Both masters stand side by side, the
 * same files of both are in tier 1, and they are read in turns (small, large, large, small, …), so
 * that whatever else the machine does falls upon both: a machine that is shared drifts by more in
 * minutes than what is asked here.
 */
import { assertClean } from '../measure.js';
import type { Row } from '../results.js';
import type { BigTree } from './big-tree.js';
import { measureRead, type Read, SHAPE, type TreeSizes } from './measure-tree.js';

/** With their directories a third of the slots of the default tier 1. */
const HOT_FILES = 1_000_000;

export type HotTurns = {
  readonly small: BigTree;
  readonly large: BigTree;
  readonly sizes: TreeSizes;
  readonly rounds: number;
  readonly done: (row: Row) => void;
};

/** One row for each tree, read and round. */
export async function measureHotTurns(turns: HotTurns): Promise<void> {
  const { small, large, sizes, rounds, done } = turns;
  const end = Math.min(small.files, large.files, HOT_FILES);
  for (const tree of [small, large]) {
    await warm(tree, end);
    await tree.atRest();
  }
  const names: readonly Read['name'][] = ['getStatus', 'listStatus'];
  for (let round = 0; round < rounds; round++) {
    const trees = round % 2 === 0 ? [small, large] : [large, small];
    for (const name of names) {
      for (const tree of trees) {
        done(await measureRead(tree, sizes, { name, drawn: 'hot', end, round }));
      }
    }
  }
}

/** Every hot file once, so that tier 1 has them and their directories. */
async function warm(tree: BigTree, end: number): Promise<void> {
  const { paths } = tree;
  const files = { paths, kind: 'f', first: 0, end } as const;
  const work = { verb: 'each', operation: 'GetFileStatus', ...files } as const;
  assertClean(await tree.run({ ...SHAPE, work, warmSeconds: 0 }), 'warming');
}
