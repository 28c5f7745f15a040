/**
 * Directories that are moved and removed while others work in them: the tree stays a tree, and
 * every acknowledged change is there.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RaceMaster, seed } from './race-master.js';

let races: RaceMaster;

beforeAll(async () => {
  races = await RaceMaster.start();
});
afterAll(() => races?.close());

const count = (outcomes: readonly string[], code: string): number =>
  outcomes.filter((outcome) => outcome === code).length;

describe(`directories (seed ${seed})`, () => {
  it('crossing renames: one wins, and nothing is lost', async () => {
    await races.rounds(40, async (at) => {
      const made = [await races.one.createDirectory(`${at}/a`)];
      made.push(await races.one.createDirectory(`${at}/b`));
      const outcomes = await races.race(
        (client) => client.rename(`${at}/a`, `${at}/b/x`),
        (client) => client.rename(`${at}/b`, `${at}/a/y`),
      );
      expect(count(outcomes, 'OK'), String(outcomes)).toBe(1);
      const tree = await races.tree(at);
      expect(new Set(tree.values())).toEqual(new Set(made.map(({ id }) => id)));
    });
  });

  it('renames in a circle of three: not all win, the tree stays acyclic', async () => {
    await races.rounds(40, async (at) => {
      const ids = new Set<number>();
      for (const name of ['a', 'b', 'c']) {
        ids.add((await races.one.createDirectory(`${at}/${name}`)).id);
      }
      const outcomes = await races.race(
        (client) => client.rename(`${at}/a`, `${at}/b/a`),
        (client) => client.rename(`${at}/b`, `${at}/c/b`),
        (client) => client.rename(`${at}/c`, `${at}/a/c`),
      );
      expect(count(outcomes, 'OK')).toBeGreaterThanOrEqual(1);
      expect(count(outcomes, 'OK')).toBeLessThan(3);
      expect(new Set((await races.tree(at)).values())).toEqual(ids);
    });
  });

  it('many renames at random: every directory is somewhere, once', async () => {
    await races.rounds(15, async (at) => {
      const names = ['a', 'b', 'c', 'd', 'e', 'f'];
      const ids = new Set<number>();
      for (const name of names) {
        ids.add((await races.one.createDirectory(`${at}/${name}`)).id);
      }
      for (let wave = 0; wave < 3; wave++) {
        const paths = [...(await races.tree(at)).keys()];
        const draw = (): string => paths[races.random.below(paths.length)]!;
        await races.race(
          ...Array.from({ length: 16 }, (_, i) => {
            const [from, below] = [draw(), draw()];
            const name = names[i % names.length]!;
            return (client: (typeof races.clients)[0]) => client.rename(from, `${below}/${name}`);
          }),
        );
        expect(new Set((await races.tree(at)).values())).toEqual(ids);
      }
    });
  });

  it('creates against the recursive delete of an ancestor: in the trash, or nowhere', async () => {
    let lost = 0;
    let kept = 0;
    await races.rounds(30, async (at) => {
      await races.one.createDirectory(`${at}/d/e`, { recursive: true });
      const names = ['f0', 'f1', 'f2', 'f3', 'f4', 'f5'];
      const [removed, ...created] = await races.race(
        (client) => client.delete(`${at}/d`, { recursive: true }),
        ...names.map(
          (name) => (client: (typeof races.clients)[0]) => client.createFile(`${at}/d/e/${name}`),
        ),
      );
      expect(removed).toBe('OK');
      expect(await races.one.exists(`${at}/d`)).toBe(false);
      await races.one.undelete(`${at}/d`);
      const tree = await races.tree(at);
      names.forEach((name, i) => {
        expect(['OK', 'NOT_FOUND']).toContain(created[i]);
        expect(tree.has(`${at}/d/e/${name}`), `${name}: ${created[i]}`).toBe(created[i] === 'OK');
      });
      kept += count(created, 'OK');
      lost += count(created, 'NOT_FOUND');
    });
    expect(Math.min(kept, lost), 'both sides won now and then').toBeGreaterThan(0);
  });

  it('a create in an empty directory against its delete: never both', async () => {
    await races.rounds(40, async (at) => {
      await races.one.createDirectory(`${at}/d`);
      const [removed, created] = await races.race(
        (client) => client.delete(`${at}/d`),
        (client) => client.createFile(`${at}/d/f`),
      );
      const known = ['OK FAILED_PRECONDITION', 'NOT_FOUND OK'];
      expect(known).toContain(`${created} ${removed}`);
      expect((await races.tree(at)).has(`${at}/d/f`)).toBe(created === 'OK');
    });
  });

  it('a rename onto an empty directory is refused, whatever is created in it', async () => {
    await races.rounds(30, async (at) => {
      await races.one.createDirectory(`${at}/full/x`, { recursive: true });
      await races.one.createDirectory(`${at}/empty`);
      const [renamed, replaced, created] = await races.race(
        (client) => client.rename(`${at}/full`, `${at}/empty`),
        (client) => client.rename(`${at}/full`, `${at}/empty`, { overwrite: true }),
        (client) => client.createFile(`${at}/empty/f`),
      );
      expect([renamed, replaced, created]).toEqual(['ALREADY_EXISTS', 'ALREADY_EXISTS', 'OK']);
      expect([...(await races.tree(at)).keys()].sort()).toEqual(
        [`${at}/empty`, `${at}/empty/f`, `${at}/full`, `${at}/full/x`].sort(),
      );
    });
  });

  it('a rename to where a directory was just removed, against a create in that one', async () => {
    await races.rounds(30, async (at) => {
      const source = await races.one.createDirectory(`${at}/source`);
      const target = await races.one.createDirectory(`${at}/target`);
      const [removed, renamed, created] = await races.race(
        (client) => client.delete(`${at}/target`),
        (client) => client.rename(`${at}/source`, `${at}/target`),
        (client) => client.createFile(`${at}/target/f`),
      );
      const tree = await races.tree(at);
      const there = tree.get(`${at}/target`);
      if (renamed === 'OK') {
        expect(removed === 'OK' || there === undefined).toBe(true);
        if (there !== undefined) expect(there).toBe(source.id);
      } else expect(renamed).toBe('ALREADY_EXISTS');
      if (removed === 'FAILED_PRECONDITION') expect(created).toBe('OK');
      if (created === 'OK') expect(tree.has(`${at}/target/f`) || removed === 'OK').toBe(true);
      expect(tree.get(`${at}/source`)).toBe(renamed === 'OK' ? undefined : source.id);
      expect([source.id, target.id, undefined]).toContain(there);
    });
  });

  it('attributes against a rename: they are on the inode wherever it went', async () => {
    await races.rounds(40, async (at) => {
      const made = await races.one.createDirectory(`${at}/old`, { mode: 0o755 });
      const [renamed, changed] = await races.race(
        (client) => client.rename(`${at}/old`, `${at}/new`),
        (client) => client.setAttribute(`${at}/old`, { mode: 0o711 }),
      );
      expect(renamed).toBe('OK');
      expect(['OK', 'NOT_FOUND']).toContain(changed);
      const { id, mode } = await races.one.getStatus(`${at}/new`);
      expect({ id, mode }).toEqual({ id: made.id, mode: changed === 'OK' ? 0o711 : 0o755 });
    });
  });
});
