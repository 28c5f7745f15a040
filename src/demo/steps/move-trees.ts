/**
 * Step: what costs one journal entry however large the tree is: rename, recursive delete, undelete.
 * After each the tree is counted, or found missing, by the master.
 */
import type { FileToCreate } from '../../client/index.js';
import { type Demo, timed } from '../demo.js';
import { countText, rateText, spanText } from '../screen.js';

const DIRECTORIES = 100;
const FILES_EACH = 100;
const FILES = DIRECTORIES * FILES_EACH;
const TREE = '/projects/build-1';
const RENAMED = '/projects/current';

export async function moveTrees(demo: Demo): Promise<void> {
  const { screen, client } = demo;
  screen.step('A tree of ten thousand files, moved in one step');
  const made = await timed(() => makeTree(demo));
  screen.fact(
    `${countText(FILES)} files made by batchCreate in ${spanText(made.ms)} ` +
      `(${rateText(FILES, made.ms)})`,
  );

  screen.command(`orchard mv ${TREE} ${RENAMED}`);
  const moved = await timed(() => client.rename(TREE, RENAMED));
  screen.fact(`renamed in ${spanText(moved.ms)}: ${await inventory(demo)}`);

  screen.command(`orchard rm -R ${RENAMED}`);
  const removed = await timed(() => client.delete(RENAMED, { recursive: true }));
  const isThere = await client.exists(RENAMED);
  if (isThere) throw new Error(`${RENAMED} is still there after its deletion`);
  screen.fact(`deleted in ${spanText(removed.ms)}: ${RENAMED} is not there any more`);

  screen.command(`orchard undelete ${RENAMED}`);
  const back = await timed(() => client.undelete(RENAMED));
  screen.fact(`undeleted in ${spanText(back.ms)}: ${await inventory(demo)}`);
}

async function makeTree({ client }: Demo): Promise<void> {
  const batches = Array.from({ length: DIRECTORIES }, (_, d) =>
    Array.from(
      { length: FILES_EACH },
      (_, f): FileToCreate => ({ path: `${TREE}/part-${d}/object-${f}`, recursive: true }),
    ),
  );
  const results = await Promise.all(batches.map((batch) => client.batchCreate(batch)));
  const failure = results.flat().find(({ error }) => error !== undefined);
  if (failure?.error !== undefined) throw failure.error;
}

async function inventory({ client }: Demo): Promise<string> {
  const { files, directories } = await client.contentSummary(RENAMED);
  if (files !== FILES) throw new Error(`${RENAMED} has ${files} files instead of ${FILES}`);
  return `${RENAMED} has ${countText(files)} files in ${countText(directories)} directories`;
}
