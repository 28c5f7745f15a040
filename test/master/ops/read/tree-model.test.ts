/**
 * Random trees against a plain sorted model: whatever the page size, the place to begin and the
 * prefix, a listing is the model's slice; also while files are created elsewhere all the time, so
 * that tier 2 never has everything. fast-check prints the seed of a failure.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as wire from '../../../../src/wire/generated/index.js';
import { TIER1_SIZES } from '../../../support/fixture.js';
import { paths, Verbs } from '../../../support/verbs.js';
import { bodyOf, WireMaster } from '../../../support/wire-master.js';

const name = fc.constantFrom('a', 'b', 'ab', 'a-', 'z', 'ä', 'a b', '.x', '\u{1f600}');
const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));
const trees = fc.uniqueArray(path, { minLength: 1, maxLength: 25 });

const bytesOf = (text: string): Buffer => Buffer.from(text);

/** Depth first: names compare by their bytes, a directory comes before what is in it. */
function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = Buffer.compare(bytesOf(left[i]!), bytesOf(right[i]!));
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Every path with all its ancestors, in the order of a recursive listing. */
function modelOf(tree: readonly string[]): string[] {
  const all = new Set<string>();
  for (const each of tree) {
    const parts = each.split('/');
    for (let i = 1; i <= parts.length; i++) all.add(parts.slice(0, i).join('/'));
  }
  return [...all].sort(comparePaths);
}

test.each(TIER1_SIZES)('listings equal a model, with %i bytes of tier 1', async (tier1Bytes) => {
  const master = new WireMaster({ tier1Bytes });
  const verbs = new Verbs(master);
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      trees,
      fc.integer({ min: 1, max: 9 }),
      path,
      fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'b', '/', '-') }),
      async (tree, pageSize, startAfter, prefix) => {
        const root = `/r${round++}`;
        await verbs.directory(root);
        for (const each of tree) await verbs.directory(`${root}/${each}`, { allowExists: true });
        const model = modelOf(tree);
        const told = (relative: readonly string[]): string[] =>
          relative.map((each) => `${root}/${each}`);
        const list = async (more: Partial<wire.ListStatusT>): Promise<string[]> =>
          paths(await verbs.all(root, { recursive: true, pageSize, ...more }));

        expect(await list({})).toEqual(told(model));
        expect(await list({ startAfter })).toEqual(
          told(model.filter((each) => comparePaths(each, startAfter) > 0)),
        );
        const matching = model.filter((each) => each.startsWith(prefix));
        expect(await list({ prefix })).toEqual(told(matching));
        const top = await verbs.all(root, { pageSize });
        const names = top.map((entry) => String(entry.name));
        expect(names).toEqual(model.filter((each) => !each.includes('/')));
        const summary = await master.ask<wire.SummaryT>(
          'ContentSummary',
          new wire.ContentSummaryT(root),
        );
        expect(summary.directories).toBe(model.length + 1);
        // What is deleted is gone from the next listing, with all below it.
        const gone = tree[0]!;
        await verbs.delete(`${root}/${gone}`);
        const left = model.filter((each) => each !== gone && !each.startsWith(`${gone}/`));
        expect(await list({})).toEqual(told(left));
      },
    ),
    { numRuns: 25 },
  );
  await master.close();
});

test('a listing ends although its directory is never flushed as a whole', async () => {
  const master = new WireMaster({});
  const verbs = new Verbs(master);
  await verbs.directory('/d');
  for (let i = 0; i < 200; i++) await verbs.file(`/d/f${String(i).padStart(3, '0')}`);
  let created = 0;
  let stop = false;
  const creating = (async (): Promise<void> => {
    while (!stop) await verbs.file(`/d/new${created++}`);
  })();
  const options = { stream: true, pageSize: 10 };
  const port = master.send('ListStatus', Object.assign(new wire.ListStatusT('/d'), options));
  const begun = created;
  await master.fixture.until(() => port.ended);
  expect(created).toBeGreaterThan(begun);
  stop = true;
  await creating;
  const entries = port.replies.flatMap((reply) => bodyOf<wire.ListPageT>(reply).entries);
  const old = entries.map((entry) => String(entry.name)).filter((each) => each.startsWith('f'));
  expect(old).toHaveLength(200);
  await master.close();
});
