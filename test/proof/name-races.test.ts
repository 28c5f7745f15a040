/**
 * Several calls want one name at once: files, mounts, undeletes. One succeeds, and the others get
 * an error. The reclaimer never leaves half of a tree.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrchardClient } from '../../src/client/index.js';
import { codeOf, RaceMaster, seed } from './race-master.js';

const RETENTION_MS = 40;
const MOUNT_MS = 12;
const REPLACEMENTS = 400;
/** Of one path in one call. */
const LOOKS = 200;

let races: RaceMaster;
/** Forgets what was deleted after a moment. */
let forgetful: RaceMaster;
let store: string;

beforeAll(async () => {
  races = await RaceMaster.start();
  forgetful = await RaceMaster.start({
    ORCHARD_TRASH_RETENTION: `${RETENTION_MS}ms`,
    ORCHARD_TTL_CHECK_INTERVAL: '10ms',
    ORCHARD_CLOCK_SETTLE: '0s',
  });
  store = join(races.master.directory, 'store');
  await mkdir(store);
  await writeFile(join(store, 'object'), 'x');
});
afterAll(async () => {
  await races?.close();
  await forgetful?.close();
});

describe(`one name (seed ${seed})`, () => {
  it('creates of it: exactly one wins, and it is the one that is there', async () => {
    await races.rounds(40, async (at, round) => {
      const path = `${at}/f`;
      const ids: number[] = [];
      const create = (i: number) => async (client: OrchardClient) => {
        const isFile = round % 2 === 0 || i % 2 === 0;
        const made = await (isFile ? client.createFile(path) : client.createDirectory(path));
        ids.push(made.id);
      };
      const outcomes = await races.race(...Array.from({ length: 16 }, (_, i) => create(i)));
      expect(ids).toEqual([(await races.one.getStatus(path)).id]);
      expect(outcomes.filter((code) => code !== 'OK')).toEqual(Array(15).fill('ALREADY_EXISTS'));
    });
  });

  it('creates that overwrite: all win, the last inode stays, the others are gone', async () => {
    await races.rounds(15, async (at) => {
      const path = `${at}/f`;
      const ids: number[] = [];
      const outcomes = await races.race(
        ...Array.from({ length: 8 }, () => async (client: OrchardClient) => {
          ids.push((await client.createFile(path, { overwrite: true })).id);
        }),
      );
      expect(outcomes).toEqual(Array(8).fill('OK'));
      const { id } = await races.one.getStatus(path);
      expect(ids).toContain(id);
      for (const other of ids.filter((one) => one !== id)) {
        expect(await codeOf(races.one.getStatusById(other))).toBe('NOT_FOUND');
      }
    });
  });

  it('a file that is replaced is never missed', async () => {
    const path = '/replaced';
    const replace = () => races.one.createFile(path, { overwrite: true });
    await replace();
    let isOver = false;
    const writing = (async () => {
      for (let i = 0; i < REPLACEMENTS; i++) await replace();
      isOver = true;
    })();
    const paths = Array<string>(LOOKS).fill(path);
    const looking = races.clients.slice(1).map(async (client) => {
      while (!isOver) {
        const found = await client.batchGetStatus(paths);
        expect(found.filter(({ error }) => error !== undefined)).toEqual([]);
        expect(await client.exists(path)).toBe(true);
        const { entries } = await client.listPage('/');
        expect(entries.map(({ name }) => `/${name}`)).toContain(path);
      }
    });
    await Promise.all([writing, ...looking]);
  });

  it('a mount against a create: one wins', async () => {
    const winners = new Set<string>();
    await races.rounds(20, async (at) => {
      const path = `${at}/m`;
      const [mounted, created] = await races.race(
        (client) => client.mount(path, `file://${store}`, { shared: true }),
        async (client) => {
          // The store is asked before the mount is made.
          await new Promise((resolve) => setTimeout(resolve, races.random.below(MOUNT_MS)));
          await client.createFile(path);
        },
      );
      winners.add(`${mounted} ${created}`);
      expect(['OK ALREADY_EXISTS', 'INVALID_ARGUMENT OK']).toContain(`${mounted} ${created}`);
      const { mountPoint } = await races.one.getStatus(path);
      expect(mountPoint).toBe(mounted === 'OK');
      if (mounted !== 'OK') return;
      expect(await races.one.exists(`${path}/object`)).toBe(true);
      await races.one.unmount(path);
    });
    console.log(`mount against create: ${[...winners].join(' | ')}`);
  });

  it('undelete against create: one wins, and both inodes are known', async () => {
    await races.rounds(40, async (at) => {
      const path = `${at}/f`;
      const before = await races.one.createFile(path);
      await races.one.delete(path);
      let made = 0;
      const [undeleted, created] = await races.race(
        (client) => client.undelete(path),
        async (client) => {
          made = (await client.createFile(path)).id;
        },
      );
      expect(['OK ALREADY_EXISTS', 'ALREADY_EXISTS OK']).toContain(`${undeleted} ${created}`);
      const { id } = await races.one.getStatus(path);
      expect(id).toBe(undeleted === 'OK' ? before.id : made);
    });
  });

  it('undelete against the reclaimer: whole, or not at all', async () => {
    const outcomes = new Set<string>();
    const names = ['f0', 'f1', 'f2', 'f3'];
    await forgetful.rounds(25, async (at) => {
      await forgetful.one.createDirectory(`${at}/d/e`, { recursive: true });
      await Promise.all(names.map((name) => forgetful.one.createFile(`${at}/d/e/${name}`)));
      await forgetful.one.delete(`${at}/d`, { recursive: true });
      const waitMs = forgetful.random.below(RETENTION_MS * 2);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const outcome = await codeOf(forgetful.one.undelete(`${at}/d`));
      outcomes.add(outcome);
      expect(['OK', 'NOT_FOUND']).toContain(outcome);
      await new Promise((resolve) => setTimeout(resolve, RETENTION_MS));
      const tree = await forgetful.tree(at);
      expect(tree.size, outcome).toBe(outcome === 'OK' ? names.length + 2 : 0);
    });
    expect(outcomes.size, 'both sides won now and then').toBe(2);
  });

  it('deletes against the reclaimer: what is made anew under the name stays', async () => {
    await forgetful.rounds(12, async (at) => {
      const path = `${at}/d`;
      const gone: number[] = [];
      for (let i = 0; i < 4; i++) {
        const made = await forgetful.one.createDirectory(path);
        const files = ['a', 'b', 'c'].map((name) => forgetful.one.createFile(`${path}/${name}`));
        for (const { id } of [made, ...(await Promise.all(files))]) gone.push(id);
        await forgetful.race(
          (client) => client.delete(`${path}/a`),
          (client) => client.delete(path, { recursive: true, skipTrash: i % 2 === 0 }),
          (client) => client.delete(`${path}/b`, { skipTrash: true }),
        );
      }
      await forgetful.one.createFile(`${path}/kept`, { recursive: true });
      for (const id of gone) await untilGone(id);
      expect([...(await forgetful.tree(at)).keys()]).toEqual([path, `${path}/kept`]);
    });
  });
});

async function untilGone(id: number): Promise<void> {
  const untilMs = performance.now() + 20_000;
  while ((await codeOf(forgetful.one.getStatusById(id))) === 'OK') {
    expect(performance.now(), `inode ${id} is reclaimed`).toBeLessThan(untilMs);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
