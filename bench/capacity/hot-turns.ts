/**
 * Are hot reads as fast over a large tree as over a small one? Both masters run side by side, with
 * the same files of both in tier 1. They are read in turns (small, large, large, small, …), so that
 * other load on the machine hits both: a shared machine drifts by more in minutes than the
 * difference in question.
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
