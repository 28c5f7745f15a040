/**
 * A directory that is listed page by page while others create, delete and rename in it. Stable
 * entries are seen exactly once, names that never existed are never seen, and all come in order.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileStatus } from '../../src/client/index.js';
import { codeOf, RaceMaster, seed } from './race-master.js';

const STAYING = 250;
const LISTINGS = 6;

let races: RaceMaster;

beforeAll(async () => {
  // Tiny, so that pages meet evictions and forced flushes as well.
  races = await RaceMaster.start({ ORCHARD_TIER1_BYTES: '64KiB' });
});
afterAll(() => races?.close());

const nameOf = (i: number): string => `n${String(i).padStart(4, '0')}`;

/** Half of the names stay, the others come and go until `isOver`. */
async function disturb(at: string, seen: Set<string>, isOver: () => boolean): Promise<void> {
  const names = Array.from({ length: STAYING }, (_, i) => `${nameOf(i * 2 + 1)}`);
  const lanes = races.clients.slice(1, 5).map(async (client) => {
    while (!isOver()) {
      const draw = (): string => `${at}/${names[races.random.below(names.length)]}`;
      const path = draw();
      seen.add(path);
      const roll = races.random.below(3);
      if (roll === 0) await codeOf(client.delete(path));
      else if (roll === 1) await codeOf(client.rename(path, seenAlso(seen, draw())));
      else await codeOf(client.createFile(path));
    }
  });
  await Promise.all(lanes);
}

const seenAlso = (seen: Set<string>, path: string): string => {
  seen.add(path);
  return path;
};

async function makeStaying(at: string): Promise<Map<string, number>> {
  const files = Array.from({ length: STAYING }, (_, i) => ({ path: `${at}/${nameOf(i * 2)}` }));
  const made = await races.one.batchCreate(files);
  return new Map(made.map(({ status }) => [status!.path, status!.id]));
}

function expectWhole(
  entries: readonly FileStatus[],
  staying: ReadonlyMap<string, number>,
  seen: ReadonlySet<string>,
): void {
  const paths = entries.map(({ path }) => path);
  expect(new Set(paths).size, 'no name twice').toBe(paths.length);
  expect(paths).toEqual([...paths].sort());
  const stayed = entries.filter(({ path }) => staying.has(path));
  expect(new Map(stayed.map(({ path, id }) => [path, id]))).toEqual(staying);
  for (const path of paths) expect(staying.has(path) || seen.has(path), path).toBe(true);
}

describe(`listings (seed ${seed})`, () => {
  it.each([
    ['small pages', { pageSize: 7 }],
    ['large pages', { pageSize: 400 }],
    ['a name at a time', { pageSize: 1 }],
  ])('of a living directory, %s', async (_, options) => {
    await races.rounds(1, async (at) => {
      const staying = await makeStaying(at);
      const seen = new Set<string>();
      let isOver = false;
      const disturbed = disturb(at, seen, () => isOver);
      const listings = options.pageSize === 1 ? 1 : LISTINGS;
      for (let i = 0; i < listings; i++) {
        const entries: FileStatus[] = [];
        for await (const entry of races.one.list(at, options)) entries.push(entry);
        expectWhole(entries, staying, seen);
      }
      isOver = true;
      await disturbed;
      expect(seen.size, 'others were at work').toBeGreaterThan(10);
    });
  });

  it('show a file that is being renamed once, under one of its names', async () => {
    await races.rounds(1, async (at) => {
      const files = Array.from({ length: 40 }, (_, i) => ({ path: `${at}/a${i}` }));
      const made = await races.one.batchCreate(files);
      const ids = made.map(({ status }) => status!.id).sort((a, b) => a - b);
      let isOver = false;
      let renames = 0;
      const lanes = races.clients.slice(1, 5).map(async (client, lane) => {
        for (let turn = 0; !isOver; turn++) {
          const [from, to] = turn % 2 === 0 ? ['a', 'z'] : ['z', 'a'];
          for (let i = lane; i < files.length; i += 4, renames++) {
            await client.rename(`${at}/${from}${i}`, `${at}/${to}${i}`);
          }
        }
      });
      for (let i = 0; i < 1000; i++) {
        const page = await races.one.listPage(at, {});
        expect(page.entries.map(({ id }) => id).sort((a, b) => a - b)).toEqual(ids);
      }
      isOver = true;
      await Promise.all(lanes);
      expect(renames, 'others were at work').toBeGreaterThan(100);
    });
  });

  it('of a living tree', async () => {
    await races.rounds(1, async (at) => {
      for (const name of ['a', 'b', 'c']) await races.one.createDirectory(`${at}/${name}`);
      const staying = await makeStaying(`${at}/b`);
      const seen = new Set<string>();
      let isOver = false;
      const disturbed = disturb(`${at}/b`, seen, () => isOver);
      for (let i = 0; i < LISTINGS; i++) {
        const entries: FileStatus[] = [];
        for await (const entry of races.one.list(at, { recursive: true, pageSize: 13 })) {
          if (entry.type === 'file') entries.push(entry);
        }
        expectWhole(entries, staying, seen);
      }
      isOver = true;
      await disturbed;
    });
  });

  it('goes on after an inode that was renamed in the meantime, and says when it left', async () => {
    await races.rounds(20, async (at) => {
      const files = ['a', 'b', 'c', 'd'].map((name) => ({ path: `${at}/${name}` }));
      const made = await races.one.batchCreate(files);
      const offsetId = made[1]!.status!.id;
      const names = async (client: typeof races.one): Promise<string> => {
        const page = await client.listPage(at, { offsetId });
        return page.entries.map(({ name }) => name).join('');
      };
      let listed = '';
      const [renamed, answered] = await races.race(
        (client) => client.rename(`${at}/b`, `${at}/bb`),
        async (client) => {
          listed = await names(client);
        },
      );
      expect([renamed, answered]).toEqual(['OK', 'OK']);
      expect(['cd', 'bbcd'], 'after b, or after bb').toContain(listed);
      await races.one.delete(`${at}/bb`);
      expect(await codeOf(names(races.one))).toBe('NOT_FOUND');
    });
  });
});
