/**
 * Step: a small table of rates through the typed client, from this one process and over one
 * connection. The client takes its share of the machine: `npm run bench -- quick` shows what the
 * master itself does.
 */
import type { OrchardClient } from '../../client/index.js';
import { type Demo, timed } from '../demo.js';
import { countText } from '../screen.js';

const RATES = '/projects/rates';
const TREE = '/projects/current';
const TREE_DIRECTORIES = 100;
const TREE_FILES_EACH = 100;
const SECONDS = 1.5;
const WARM_SECONDS = 0.3;
const LANES = 256;
const BATCH_LANES = 4;
const BATCH_PATHS = 256;
const MS = 1000;

type Rate = { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number };

export async function measureRates(demo: Demo): Promise<void> {
  const { screen, client } = demo;
  screen.step('Rates, measured here and now');
  await client.createDirectory(RATES);
  const treePath = (i: number): string =>
    `${TREE}/part-${i % TREE_DIRECTORIES}/object-${(i * 7) % TREE_FILES_EACH}`;

  const rows: [string, Rate][] = [];
  const add = async (name: string, lanes: number, each: number, call: Call): Promise<void> => {
    rows.push([name, await closedLoop(lanes, each, call)]);
  };
  await add('getStatus', LANES, 1, (i) => client.getStatus(treePath(i)));
  await add(`batchGetStatus, ${BATCH_PATHS} paths a call`, BATCH_LANES, BATCH_PATHS, (i) =>
    client.batchGetStatus(Array.from({ length: BATCH_PATHS }, (_, k) => treePath(i + k))),
  );
  let created = 0;
  await add('createFile, durable', LANES, 1, () => client.createFile(`${RATES}/f-${created++}`));
  // There and back again, however often: the calls in flight are far fewer than the files.
  await add('rename, durable', LANES, 1, (i) => {
    const file = i % created;
    const isBack = Math.floor(i / created) % 2 === 1;
    const [from, to] = isBack ? ['g', 'f'] : ['f', 'g'];
    return client.rename(`${RATES}/${from}-${file}`, `${RATES}/${to}-${file}`);
  });
  rows.push(['listStatus, entries', await listing(client)]);

  screen.table([
    ['', 'a second', 'p50 ms', 'p99 ms'],
    ...rows.map(([name, { perSecond, p50Ms, p99Ms }]) => [
      name,
      countText(perSecond),
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
    ]),
  ]);
  screen.fact(`one client process, one connection, ${LANES} calls in flight (lists and batches:`);
  screen.fact('fewer), this process and the master on the same machine');
}

type Call = (i: number) => Promise<unknown>;

/** Each lane calls again as soon as it is answered; what is answered in the counted time counts. */
async function closedLoop(lanes: number, each: number, call: Call): Promise<Rate> {
  const startMs = performance.now() + WARM_SECONDS * MS;
  const endMs = startMs + SECONDS * MS;
  const latencies: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      await call(next++);
      const answeredMs = performance.now();
      if (answeredMs >= startMs && answeredMs < endMs) latencies.push(answeredMs - nowMs);
      nowMs = answeredMs;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  latencies.sort((a, b) => a - b);
  return { perSecond: (latencies.length * each) / SECONDS, ...percentiles(latencies) };
}

/** One directory, whole; once before, so that what was just created is settled. */
async function listing(client: OrchardClient): Promise<Rate> {
  const count = async (): Promise<number> => {
    let entries = 0;
    for await (const page of client.listPages(RATES)) entries += page.entries.length;
    return entries;
  };
  await count();
  const { value, ms } = await timed(count);
  return { perSecond: (value / ms) * MS, p50Ms: ms, p99Ms: ms };
}

function percentiles(sorted: readonly number[]): Pick<Rate, 'p50Ms' | 'p99Ms'> {
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
